/// How often a port's accesses were exits.
public struct PortExits: Equatable, Sendable {
  public let port: UInt16
  public let count: UInt64
}

/// How often a vCPU left the guest for one reason.
public struct ReasonExits: Equatable, Sendable {
  /// As in the KVM API, lower case and without `KVM_EXIT_`; `again` and `intr` are the errors EAGAIN
  /// and EINTR of `KVM_RUN`.
  public let reason: String
  public let count: UInt64
}

/// One of KVM's own counters (`KVM_GET_STATS_FD`, KVM API section 4.133).
public struct KernelCounter: Equatable, Sendable {
  /// The kernel's name for it.
  public let name: String
  /// One value, or a histogram's buckets.
  public let values: [UInt64]
}

/// One of the kernel's objects with its counters, without those that are 0.
public struct KernelCounters: Equatable, Sendable {
  /// `vm`, or `vcpu` and its number.
  public let object: String
  public let counters: [KernelCounter]
}

/// One vCPU's share.
public struct VCPUStatistics: Equatable, Sendable {
  public let id: UInt32
  public let exits: UInt64
  /// nil while its thread runs.
  public let hostTimes: HostTimes?
}

/// What went over COM1.
public struct SerialStatistics: Equatable, Sendable {
  /// Bytes that the guest has sent.
  public let bytesOut: UInt64
  /// Bytes of input that the port has taken for the guest.
  public let bytesIn: UInt64
  /// Writes that KVM has collected, so that they were no exits of their own.
  public let coalescedWrites: UInt64
}

/// What a machine has done so far.
public struct MachineStatistics: Equatable, Sendable {
  /// By reason, the most frequent first.
  public let exitsByReason: [ReasonExits]
  /// By port, the most frequent first.
  public let exitsByPort: [PortExits]
  public let unclaimed: UnclaimedAccessStatistics
  public let serial: SerialStatistics
  /// nil where the guest has no BIOS.
  public let bios: BIOSStatistics?
  public let vcpus: [VCPUStatistics]
  /// Empty while the vCPUs run, and on a host whose KVM has no binary statistics.
  public let kernel: [KernelCounters]
  /// Instructions that the emulation assist has executed, the most frequent first; empty on a host
  /// that does not need it.
  public let assisted: [AssistedInstructions]

  /// All exits.
  public var exits: UInt64 { exitsByReason.reduce(0) { $0 &+ $1.count } }
}

extension MachineStatistics {
  /// Adds up `counters`, one of each vCPU.
  init(
    counters: [ExitCounters], unclaimed: UnclaimedAccessStatistics, serial: SerialStatistics,
    bios: BIOSStatistics? = nil, hostTimes: [HostTimes?], kernel: [KernelCounters],
    assisted: [AssistedInstructions] = []
  ) {
    var ports: [UInt16: UInt64] = [:]
    var reasons: [ExitReason: UInt64] = [:]
    var vcpus: [VCPUStatistics] = []
    for (id, (counters, times)) in zip(counters, hostTimes).enumerated() {
      var exits: UInt64 = 0
      for port in counters.ports {
        ports[port.port, default: 0] &+= port.count
        reasons[.io, default: 0] &+= port.count
        exits &+= port.count
      }
      for reason in ExitReason.allCases where reason != .io {
        reasons[reason, default: 0] &+= counters.value(reason)
        exits &+= counters.value(reason)
      }
      vcpus.append(VCPUStatistics(id: UInt32(id), exits: exits, hostTimes: times))
    }
    exitsByPort = ports.map { PortExits(port: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.port) < ($0.count, $1.port) }
    exitsByReason = reasons.filter { $0.value > 0 }
      .map { ReasonExits(reason: $0.key.name, count: $0.value) }
      .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    self.unclaimed = unclaimed
    self.serial = serial
    self.bios = bios
    self.vcpus = vcpus
    self.kernel = kernel
    self.assisted = assisted
  }
}
