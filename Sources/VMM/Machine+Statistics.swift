import Devices
import KVM

extension Machine {
  /// What the machine has done so far; all of it after ``wait()``.
  public var statistics: MachineStatistics {
    let serial = SerialStatistics(
      bytesOut: serial.bytesTransmitted, bytesIn: serial.bytesReceived,
      coalescedWrites: coalesced?.count ?? 0)
    return MachineStatistics(
      counters: vcpus.map(\.loop.counters), unclaimed: unclaimedAccesses, serial: serial,
      bios: bios?.statistics, hostTimes: vcpus.map(\.hostTimes), kernel: kernelCounters,
      assisted: assistCounters.statistics)
  }

  /// KVM hands them out only while the vCPUs do not run.
  private var kernelCounters: [KernelCounters] {
    guard vcpus.allSatisfy({ $0.hostTimes != nil }) else { return [] }
    var result: [KernelCounters] = []
    if let statistics = try? virtualMachine.vm.statistics(),
      let counters = KernelCounters("vm", statistics)
    {
      result.append(counters)
    }
    for (id, vcpu) in vcpus.enumerated() {
      guard let statistics = try? vcpu.statistics(),
        let counters = KernelCounters("vcpu\(id)", statistics)
      else { continue }
      result.append(counters)
    }
    return result
  }
}
