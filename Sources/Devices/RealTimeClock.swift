import Synchronization

/// A PC's real-time clock with its CMOS memory: an ``MC146818`` behind an index and a data port,
/// and the interrupt line IRQ 8.
///
/// It shows the host's time as UTC, until the guest sets it. What is written into it lives as long as
/// the machine does.
///
/// **Threads.** Everything may be called from any thread; one lock guards the registers, and the
/// interrupt line is set under it. Nothing runs as long as no interrupt is enabled.
public final class RealTimeClock: PortIODevice, TimedDevice {
  private struct State {
    var chip: MC146818
    var index: UInt8 = 0
    var isNMIMasked = false
    var interruptAsserted = false
    var deadline: UInt64?
  }

  /// The index port, 0x70, and the data port, 0x71.
  public static let ports: ClosedRange<UInt16> = 0x70...0x71

  private static let indexPort: UInt16 = 0x70
  private static let dataPort: UInt16 = 0x71
  /// Bit 7 of the index port: on a PC it has nothing to do with the clock, and keeps NMI away from
  /// the processor.
  private static let nmiMask: UInt8 = 1 << 7

  private let clock: DeviceClock
  private let wallClock: @Sendable () -> Int64
  private let interrupt: any InterruptLine
  private let state: Mutex<State>

  /// Creates a clock that runs, its interrupts disabled.
  ///
  /// - Parameters:
  ///   - memory: What the CMOS memory holds, as from
  ///     ``CMOSMemory/contents(memoryBelow4GiB:memoryAbove4GiB:)``.
  ///   - clock: The monotonic clock, by which the periodic interrupt is counted.
  ///   - wallClock: Nanoseconds since the beginning of 1970, UTC. Called under the device's lock.
  ///   - interrupt: The line to the interrupt controller: IRQ 8.
  public init(
    memory: [UInt8], clock: DeviceClock, wallClock: @escaping @Sendable () -> Int64,
    interrupt: any InterruptLine
  ) {
    self.clock = clock
    self.wallClock = wallClock
    self.interrupt = interrupt
    let now = MC146818.Instant(monotonic: clock.now(), wall: wallClock())
    state = Mutex(State(chip: MC146818(memory: memory, at: now)))
  }

  // MARK: The guest's side

  /// Reads the byte at the index from the data port; the index port cannot be read. Wide accesses
  /// read one port after the other, and 0xFF past the last.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { port in
      guard port == Self.dataPort else { return 0xFF }
      return access { state, now in state.chip.read(state.index, at: now) }
    }
  }

  /// Writes the index or the byte at it; wide accesses write one port after the other.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { port, byte in
      switch port {
      case Self.indexPort:
        state.withLock { state in
          state.index = byte & ~Self.nmiMask
          state.isNMIMasked = byte & Self.nmiMask != 0
        }
      case Self.dataPort:
        access { state, now in state.chip.write(state.index, byte, at: now) }
      default:
        break
      }
    }
  }

  /// Whether the guest keeps NMI away from the processor; nothing here raises one.
  public var isNMIMasked: Bool { state.withLock { $0.isNMIMasked } }

  // MARK: The machine's side

  /// When the interrupt line next goes up by itself; nil unless an interrupt is enabled, and while
  /// one waits to be acknowledged.
  public var deadline: UInt64? { state.withLock { $0.deadline } }

  /// Raises the interrupt line if it is due.
  ///
  /// However many periodic interrupts have been missed, the guest gets one.
  public func advance(to now: UInt64) {
    state.withLock { state in
      let instant = MC146818.Instant(monotonic: now, wall: wallClock())
      state.chip.catchUp(to: instant)
      settle(&state, at: instant)
    }
  }

  /// The machine is reset: interrupts are disabled; time, memory and index stay.
  public func reset() {
    access { state, now in
      state.chip.reset(at: now)
      state.isNMIMasked = false
    }
  }

  /// The chip as it is now.
  public var chip: MC146818 { state.withLock { $0.chip } }

  /// Does something at the present time, and brings line and deadline in order after it.
  private func access<Result: Sendable>(
    _ body: (inout State, MC146818.Instant) -> Result
  ) -> Result {
    let (result, isDeadlineNew) = state.withLock { state in
      let now = MC146818.Instant(monotonic: clock.now(), wall: wallClock())
      let deadline = state.deadline
      let result = body(&state, now)
      settle(&state, at: now)
      return (result, state.deadline != nil && state.deadline != deadline)
    }
    if isDeadlineNew { clock.deadlineChanged() }
    return result
  }

  private func settle(_ state: inout State, at now: MC146818.Instant) {
    let asserted = state.chip.interruptAsserted
    if asserted != state.interruptAsserted {
      state.interruptAsserted = asserted
      interrupt.set(asserted)
    }
    state.deadline = state.chip.deadline(at: now)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    state.withLock { state in
      precondition(state.interruptAsserted == state.chip.interruptAsserted, "stale line")
      let now = MC146818.Instant(monotonic: clock.now(), wall: wallClock())
      var chip = state.chip
      chip.catchUp(to: now)
      chip._checkInvariants(at: now)
      precondition(state.index & Self.nmiMask == 0)
      precondition(!state.interruptAsserted || state.deadline == nil)
    }
  }
}
