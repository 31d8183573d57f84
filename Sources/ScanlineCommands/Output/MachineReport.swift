import VMM

/// What `--stats` tells of a run.
struct MachineReport: Report {
  struct Exits: Encodable {
    let total: UInt64
    let byReason: [String: UInt64]
    /// The most frequent first.
    let byPort: [Port]
  }

  struct Port: Encodable {
    let port: UInt16
    let exits: UInt64
  }

  struct Unclaimed: Encodable {
    let portReads: UInt64
    let portWrites: UInt64
    let memoryReads: UInt64
    let memoryWrites: UInt64
  }

  struct Serial: Encodable {
    let bytesOut: UInt64
    let bytesIn: UInt64
    let coalescedWrites: UInt64
  }

  struct BIOS: Encodable {
    struct Unsupported: Encodable {
      let interrupt: UInt8
      let function: UInt8
      let calls: UInt64
    }

    let calls: UInt64
    let unsupported: [Unsupported]

    init(_ statistics: BIOSStatistics) {
      calls = statistics.calls
      unsupported = statistics.unsupported.map {
        Unsupported(interrupt: $0.interrupt, function: $0.function, calls: $0.count)
      }
    }

    var line: String {
      let list = unsupported.map {
        "INT \($0.interrupt.hexadecimal(digits: 2)) AH=\($0.function.hexadecimal(digits: 2)) "
          + "\($0.calls)"
      }
      return "bios: \(calls) calls"
        + (list.isEmpty ? "" : "; not implemented: " + list.joined(separator: ", "))
    }
  }

  struct VCPU: Encodable {
    let id: UInt32
    let exits: UInt64
    let elapsedNanoseconds: UInt64
    let userNanoseconds: UInt64
    let systemNanoseconds: UInt64
    let guestNanoseconds: UInt64
  }

  /// How many ports are told.
  static let portLimit = 16

  let exits: Exits
  let unclaimed: Unclaimed
  let serial: Serial
  /// Absent where the guest has no BIOS.
  let bios: BIOS?
  let vcpus: [VCPU]
  /// Object, counter, values.
  let kernel: [String: [String: [UInt64]]]
  let resets: UInt64
  /// Mnemonic, count.
  let assisted: [String: UInt64]
  let display: FlushReport?
  private let statistics: MachineStatistics

  private enum CodingKeys: CodingKey {
    case exits, unclaimed, serial, bios, vcpus, kernel, resets, assisted, display
  }

  init(_ statistics: MachineStatistics, display: FlushStatistics?, resets: UInt64) {
    self.resets = resets
    assisted = Dictionary(
      statistics.assisted.map { ($0.mnemonic, $0.count) }, uniquingKeysWith: +)
    self.statistics = statistics
    exits = Exits(
      total: statistics.exits,
      byReason: Dictionary(
        statistics.exitsByReason.map { ($0.reason, $0.count) }, uniquingKeysWith: +),
      byPort: statistics.exitsByPort.prefix(Self.portLimit).map {
        Port(port: $0.port, exits: $0.count)
      })
    let unclaimed = statistics.unclaimed
    self.unclaimed = Unclaimed(
      portReads: unclaimed.portReads, portWrites: unclaimed.portWrites,
      memoryReads: unclaimed.memoryReads, memoryWrites: unclaimed.memoryWrites)
    let serial = statistics.serial
    self.serial = Serial(
      bytesOut: serial.bytesOut, bytesIn: serial.bytesIn,
      coalescedWrites: serial.coalescedWrites)
    bios = statistics.bios.map(BIOS.init)
    vcpus = statistics.vcpus.map { vcpu in
      VCPU(
        id: vcpu.id, exits: vcpu.exits, elapsedNanoseconds: vcpu.hostTimes?.elapsed ?? 0,
        userNanoseconds: vcpu.hostTimes?.user ?? 0,
        systemNanoseconds: vcpu.hostTimes?.system ?? 0,
        guestNanoseconds: vcpu.hostTimes?.guest ?? 0)
    }
    kernel = Dictionary(
      statistics.kernel.map { object in
        (
          object.object,
          Dictionary(object.counters.map { ($0.name, $0.values) }, uniquingKeysWith: +)
        )
      }, uniquingKeysWith: { first, _ in first })
    self.display = display.map(FlushReport.init)
  }

  var lines: [String] {
    exitLines + [
      "unclaimed: ports \(unclaimed.portReads) reads, \(unclaimed.portWrites) writes; memory "
        + "\(unclaimed.memoryReads) reads, \(unclaimed.memoryWrites) writes",
      "serial: \(serial.bytesOut) bytes out, \(serial.bytesIn) bytes in, "
        + "\(serial.coalescedWrites) writes coalesced",
    ] + (bios.map { [$0.line] } ?? []) + (resets > 0 ? ["resets: \(resets)"] : [])
      + assistLines + vcpuLines + kernelLines + (display?.lines ?? [])
  }

  private var exitLines: [String] {
    let reasons = statistics.exitsByReason.map { "\($0.reason) \($0.count)" }
    let ports = exits.byPort.map { "\($0.port.hexadecimal(digits: 3)) \($0.exits)" }
    return ["exits: \(exits.total)" + Self.list(reasons)]
      + (ports.isEmpty ? [] : ["ports" + Self.list(ports)])
  }

  private var assistLines: [String] {
    guard !statistics.assisted.isEmpty else { return [] }
    return ["assisted" + Self.list(statistics.assisted.map { "\($0.mnemonic) \($0.count)" })]
  }

  private var vcpuLines: [String] {
    Table.lines(
      header: ["vcpu", "exits", "elapsed, ms", "user, ms", "system, ms", "guest, ms"],
      rows: vcpus.map { vcpu in
        [
          "\(vcpu.id)", "\(vcpu.exits)", Self.milliseconds(vcpu.elapsedNanoseconds),
          Self.milliseconds(vcpu.userNanoseconds), Self.milliseconds(vcpu.systemNanoseconds),
          Self.milliseconds(vcpu.guestNanoseconds),
        ]
      })
  }

  private var kernelLines: [String] {
    statistics.kernel.flatMap { object in
      ["kvm \(object.object):"]
        + object.counters.map { counter in
          "  \(counter.name) " + counter.values.map { "\($0)" }.joined(separator: " ")
        }
    }
  }

  private static func list(_ items: [String]) -> String {
    items.isEmpty ? "" : ": " + items.joined(separator: ", ")
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
