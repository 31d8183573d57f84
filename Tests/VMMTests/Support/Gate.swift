import Devices
import Glibc
import Synchronization
import Testing

@testable import VMM

/// A port at which a guest waits until the test lets it on: `in` does not complete before.
final class Gate: PortIODevice {
  static let port: UInt16 = 0x5000

  private let arrivals: EventDescriptor
  private let permits: EventDescriptor
  private let isOpen = Atomic(false)

  init() throws {
    arrivals = try EventDescriptor()
    permits = try EventDescriptor()
  }

  func read(port: UInt16, size: Int) -> UInt32 {
    arrivals.signal()
    while !isOpen.load(ordering: .acquiring), !permits.wait(until: .max) {}
    if !isOpen.load(ordering: .acquiring) { permits.clear() }
    return 0
  }

  func write(port: UInt16, size: Int, value: UInt32) {}

  /// Waits until the guest is at the gate.
  func awaitGuest() throws {
    try eventually { arrivals.wait(until: monotonicNanoseconds() &+ 1_000_000_000) }
    arrivals.clear()
  }

  /// Lets the guest through once.
  func pass() { permits.signal() }

  /// Lets the guest through from now on. The gate must be open before the machine is joined.
  func open() {
    isOpen.store(true, ordering: .releasing)
    permits.signal()
  }
}

extension GuestCode {
  /// Waits at the ``Gate``.
  mutating func gate() { `in`(Gate.port, size: 1, to: 0x9000) }
}

/// A machine whose guest waits at a ``Gate`` wherever its code says so.
final class GatedMachine: Sendable {
  let test: TestMachine
  let gate: Gate

  var machine: Machine { test.machine }

  /// - Parameter code: Begins with its first gate, at which the guest is when the machine is ready.
  init(
    _ code: [UInt8], configure: (inout MachineConfiguration) -> Void = { _ in }
  ) throws {
    let gate = try Gate()
    self.gate = gate
    test = try TestMachine(.code(code)) {
      $0.memorySize = 2 << 20
      $0.portDevices = [([Gate.port...Gate.port], gate)]
      $0.framesPerSecond = 1000
      configure(&$0)
    }
    try machine.start()
    try gate.awaitGuest()
  }

  deinit { gate.open() }

  /// Lets the guest on to its next gate.
  func pass() throws {
    gate.pass()
    try gate.awaitGuest()
  }

  /// Stops the machine, wherever the guest is.
  func stop() {
    gate.open()
    machine.stop(.quit)
    test.end()
  }

  /// Waits until `condition` holds of the statistics.
  func wait(until condition: (FlushStatistics) -> Bool) throws {
    try eventually { machine.flushStatistics.map(condition) ?? true }
  }

  /// Waits until the flusher sleeps.
  func awaitSleep() throws {
    try eventually { machine.isDisplayAsleep }
  }
}
