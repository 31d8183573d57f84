import Devices
import Glibc
import KVM
import Synchronization

/// A serial port whose transmitted bytes KVM collects while a guest sends many of them, so that 170
/// bytes cost one exit (`KVM_CAP_COALESCED_PIO`, KVM API section 4.116).
///
/// **What a guest can observe.** Nothing. The zone is the one byte of THR, and it is registered only
/// while a write to it does nothing but send (``SerialPort/transmitsWithoutTrace``). Opening the
/// divisor latch, loopback, a break, or the THRE interrupt all take a write to another register: that
/// is an exit, before which the ring is drained (``CoalescedWrites``), and the zone is gone when the
/// guest goes on. So interrupt-driven transmission has its interrupt after each write.
///
/// **What a user can observe.** Nothing lingers: while the zone is registered a thread drains the ring
/// at every tick, though the guest may compute without exits.
///
/// **When it pays.** Registering costs microseconds, unregistering the kernel's grace period, which
/// can be milliseconds. So the zone is registered after some dozens of bytes that each were an exit,
/// and after each time that the guest had it unregistered four times as many are needed: a driver that
/// switches all the time soon keeps its exits. After half a second without output the thread
/// unregisters the zone and sleeps, so that an idle machine has no ticks.
final class CoalescedSerialPort: PortIODevice {
  private struct State {
    /// nil before the zone is registered for the first time.
    var thread: Thread?
    /// The kernel has refused: bytes stay exits.
    var isRefused = false
  }

  /// Bytes with an exit each before the zone is registered.
  static let firstThreshold = 64
  private static let lastThreshold = 1 << 22
  /// Time between two looks at the ring, nanoseconds.
  private static let tick: UInt64 = 16_000_000
  /// Ticks without output before the zone is unregistered.
  private static let idleTicks = 32

  private let machine: SharedMachine
  private let serial: SerialPort
  private let writes: CoalescedWrites
  private let stopEvent: EventDescriptor
  private let onTick: @Sendable () -> Void
  private let zone: CoalescedZone
  private let state = Mutex(State())
  /// Written under `state`.
  private let collects = Atomic(false)
  /// Bytes since the zone was last unregistered, each of which was an exit. Several vCPUs may lose a
  /// count: it only decides when to start.
  private let exits = Atomic(0)
  private let threshold = Atomic(firstThreshold)
  /// Raised when the zone has been registered.
  private let activity: EventDescriptor

  /// - Parameters:
  ///   - writes: The machine's ring, with `serial` as its device.
  ///   - stopEvent: Once raised, no tick comes any more.
  ///   - onTick: Called after each tick, on the thread of the ticks.
  init(
    _ serial: SerialPort, machine: SharedMachine, writes: CoalescedWrites,
    stopEvent: EventDescriptor, onTick: @escaping @Sendable () -> Void
  ) throws(VMMError) {
    self.serial = serial
    self.machine = machine
    self.writes = writes
    self.stopEvent = stopEvent
    self.onTick = onTick
    zone = .ports(first: serial.ports.lowerBound, count: 1)
    activity = try EventDescriptor()
  }

  /// Whether transmitted bytes are collected now.
  var isCollecting: Bool { collects.load(ordering: .sequentiallyConsistent) }

  func read(port: UInt16, size: Int) -> UInt32 {
    serial.read(port: port, size: size)
  }

  func write(port: UInt16, size: Int, value: UInt32) {
    serial.write(port: port, size: size, value: value)
    if port == serial.ports.lowerBound, size == 1 {
      countExit()
    } else {
      // Pairs with the order in `register()`: of a change of the settings and a registration at the
      // same time, the later one sees the other.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      if isCollecting, !serial.transmitsWithoutTrace { unregister(isPutOff: true) }
    }
  }

  /// Waits for the ticks to end, and delivers what is left. Call it after the vCPUs' threads have
  /// ended and `stopEvent` is raised.
  func join() {
    let thread = state.withLock { $0.thread }
    thread?.join()
    writes.drain()
  }

  @inline(__always)
  private func countExit() {
    guard !collects.load(ordering: .relaxed) else { return }
    let count = exits.load(ordering: .relaxed) &+ 1
    exits.store(count, ordering: .relaxed)
    if count >= threshold.load(ordering: .relaxed), serial.transmitsWithoutTrace { register() }
  }

  @inline(never)
  private func register() {
    state.withLock { state in
      guard !isCollecting, !state.isRefused else { return }
      exits.store(0, ordering: .relaxed)
      // First say so, then look at the port: see `write(port:size:value:)`.
      collects.store(true, ordering: .sequentiallyConsistent)
      guard serial.transmitsWithoutTrace else {
        return collects.store(false, ordering: .sequentiallyConsistent)
      }
      do {
        if state.thread == nil { state.thread = try Thread(name: "serial") { [self] in run() } }
        try machine.vm.registerCoalesced(zone)
        activity.signal()
      } catch {
        collects.store(false, ordering: .sequentiallyConsistent)
        state.isRefused = true
      }
    }
  }

  /// - Parameter isPutOff: Whether the next registration needs more bytes than this one did.
  private func unregister(isPutOff: Bool) {
    state.withLock { state in
      // If it fails the ticks go on, so that nothing lingers in a zone that the kernel keeps.
      guard isCollecting, (try? machine.vm.unregisterCoalesced(zone)) != nil else { return }
      collects.store(false, ordering: .sequentiallyConsistent)
      exits.store(0, ordering: .relaxed)
      let next = min(threshold.load(ordering: .relaxed) &* 4, Self.lastThreshold)
      if isPutOff { threshold.store(next, ordering: .relaxed) }
    }
    // What another vCPU has sent until now comes before what the caller does next.
    writes.drain()
  }
}

// MARK: - The thread

extension CoalescedSerialPort {
  private func run() {
    while !wait(for: POLLIN, on: activity.descriptor, or: stopEvent).woken {
      activity.clear()
      guard tickWhileCollecting() else { return }
    }
  }

  /// False once the machine is stopping.
  private func tickWhileCollecting() -> Bool {
    var seen = writes.count
    var quietTicks = 0
    while isCollecting {
      if stopEvent.wait(until: monotonicNanoseconds() &+ Self.tick) { return false }
      writes.drain()
      onTick()
      quietTicks = writes.count == seen ? quietTicks + 1 : 0
      seen = writes.count
      if quietTicks >= Self.idleTicks { unregister(isPutOff: false) }
    }
    return true
  }
}
