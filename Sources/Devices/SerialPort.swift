import Synchronization

/// A PC serial port: a ``UART16550`` at eight I/O ports, between an interrupt line, a byte sink for
/// the guest's output and a bounded queue for the host's input.
///
/// **Output** leaves at once; there is no baud delay. Bytes reach the sink in the order in which
/// the writes to THR took effect, whichever virtual CPU they came from.
///
/// **Input** waits in a queue behind the receiver. ``enqueue(_:)`` takes what fits and
/// says how much that was; the UART is refilled from the queue while the guest reads, so a byte
/// costs no wake-up of any host thread, and nothing can overrun. When the queue has fallen to half,
/// the port calls `onInputLow`, once a fall.
/// - The receiver is refilled when fewer characters than the trigger level are left, so the
///   received-data condition falls and rises again once a refill: a guest that reads a fixed number
///   of characters for each interrupt sees an edge for each.
/// - The sender counts a character as sent when the guest has read it. A guest that resets its
///   receiver FIFO while it sets up the port, after input was piped in, loses nothing.
/// - In loopback the queue waits.
/// - When the queue is empty the line is idle, and what the receiver still holds becomes the
///   character time-out condition.
///
/// **Modem inputs.** CTS, DSR and DCD are asserted from the start. After ``endInput()`` DCD drops
/// as soon as the guest has read the last byte: carrier lost, the end of the input.
///
/// **Threads.** Everything may be called from any thread. Two locks, always taken in this order:
/// `transmitting` is held from a write to THR that goes through the registers until the sink has
/// taken the byte, and keeps the order of bytes; `state` guards the registers, and is never held
/// while the sink or `onInputLow` runs. So a sink that blocks stops the virtual CPUs that transmit,
/// but never ``enqueue(_:)`` nor a guest that reads: the thread that carries the user's input, and
/// with it the keys that quit, always goes on. The interrupt line is set under `state`, so its
/// changes are never reordered. A write to THR that leaves no trace in the registers takes neither
/// lock, but the sink's.
public final class SerialPort: PortIODevice {
  private struct State {
    var uart = UART16550(modemInputs: [.clearToSend, .dataSetReady, .dataCarrierDetect])
    var input: SerialInputQueue
    var inputEnded = false
    var breakPending = false
    var interruptAsserted = false
    var bytesReceived: UInt64 = 0
  }

  /// The ports that the UART decodes.
  public let ports: ClosedRange<UInt16>

  private let base: UInt16
  private let interrupt: any InterruptLine
  private let output: any ByteSink
  private let onInputLow: @Sendable () -> Void
  private let state: Mutex<State>
  private let transmitting = Mutex(())
  /// How many bytes the sink has taken.
  private let transmitted = Atomic<UInt64>(0)
  /// `UART16550.transmitsWithoutTrace`, for a look without the lock. If another virtual CPU changes
  /// it meanwhile, the byte leaves a moment later than the change: it was in the shift register.
  private let isTransmitTraceless = Atomic(true)

  /// Creates a port after master reset, its interrupt line low.
  ///
  /// - Parameters:
  ///   - base: The first of eight I/O ports; COM1 is 0x3F8. At most 0xFFF8.
  ///   - interrupt: The line to the interrupt controller; IRQ 4 for COM1.
  ///   - output: Takes what the guest transmits.
  ///   - inputCapacity: How many bytes of input are held for the guest, at least one.
  ///   - onInputLow: Called when half of the input has been read, on the thread of the virtual CPU
  ///     that read it; it may call the port back.
  public init(
    base: UInt16 = 0x3F8,
    interrupt: any InterruptLine,
    output: any ByteSink,
    inputCapacity: Int = 4096,
    onInputLow: @escaping @Sendable () -> Void = {}
  ) {
    self.base = min(base, 0xFFF8)
    ports = self.base...(self.base + 7)
    self.interrupt = interrupt
    self.output = output
    self.onInputLow = onInputLow
    state = Mutex(State(input: SerialInputQueue(capacity: inputCapacity)))
  }

  // MARK: The guest's side

  /// Reads registers; wide accesses read consecutive ones, and 0xFF past the last.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { readRegister(at: $0) }
  }

  /// Writes registers; wide accesses write consecutive ones, and nothing past the last.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { writeRegister(at: $0, $1) }
  }

  private func readRegister(at port: UInt16) -> UInt8 {
    guard ports.contains(port) else { return 0xFF }
    let register = UInt8(truncatingIfNeeded: port &- base)
    let (value, isInputLow) = state.withLock { state in
      // A guest that polls LSR gets by with this.
      let isDestructive = state.uart.isReadDestructive(register)
      let value = state.uart.read(register)
      return (value, isDestructive && settle(&state))
    }
    if isInputLow { onInputLow() }
    return value
  }

  @inline(__always)
  private func writeRegister(at port: UInt16, _ value: UInt8) {
    guard ports.contains(port) else { return }
    let register = UInt8(truncatingIfNeeded: port &- base)
    if register == UART16550.Register.data {
      transmit(value)
    } else {
      writeSettings(register, value)
    }
  }

  private func writeSettings(_ register: UInt8, _ value: UInt8) {
    let isInputLow = state.withLock { state in
      state.uart.write(register, value)
      isTransmitTraceless.store(state.uart.transmitsWithoutTrace, ordering: .releasing)
      switch register {
      case UART16550.Register.fifoControl where state.uart.receivedCount == 0:
        state.input.putBack()
      case UART16550.Register.modemControl where state.uart.isLoopback:
        // From here on looped characters may follow the host's in the receiver, so what is in it
        // cannot be told apart and is final.
        state.input.commit(unread: 0)
      default: break
      }
      return settle(&state)
    }
    if isInputLow { onInputLow() }
  }

  private func transmit(_ value: UInt8) {
    if transmitsWithoutTrace {
      send(value)
    } else {
      transmitting.withLock { _ in transmitThroughUART(value) }
    }
  }

  private func send(_ value: UInt8) {
    output.write(value)
    transmitted.wrappingAdd(1, ordering: .relaxed)
  }

  /// Out of line, so that the way without a trace is short.
  @inline(never)
  private func transmitThroughUART(_ value: UInt8) {
    let (character, isInputLow) = state.withLock { state in
      state.uart.write(UART16550.Register.data, value)
      // Writing THR clears its interrupt and transmitting raises it again: an edge.
      driveInterrupt(&state)
      let character = state.uart.transmit()
      return (character, settle(&state))
    }
    if let character { send(character) }
    if isInputLow { onInputLow() }
  }

  /// Whether a write to THR does nothing now but send the byte: the divisor latch is closed, and
  /// there is no break, no loop, and no interrupt for an empty transmitter. Then nobody can tell
  /// when between two other accesses to the port it took effect.
  public var transmitsWithoutTrace: Bool { isTransmitTraceless.load(ordering: .acquiring) }

  // MARK: The host's side

  /// Adds input for the guest, as much as there is space for.
  ///
  /// - Parameter bytes: The bytes, in order.
  /// - Returns: How many of them, from the first, were taken. None after ``endInput()``. If it is
  ///   not all of them, `onInputLow` will be called.
  @discardableResult
  public func enqueue(_ bytes: Span<UInt8>) -> Int {
    let (accepted, isInputLow) = state.withLock { state in
      let accepted = state.inputEnded ? 0 : state.input.append(bytes)
      state.bytesReceived &+= UInt64(truncatingIfNeeded: accepted)
      return (accepted, settle(&state))
    }
    if isInputLow { onInputLow() }
    return accepted
  }

  /// Adds input for the guest, as ``enqueue(_:)``; the memory is not kept.
  @discardableResult
  public func enqueue(_ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe enqueue(bytes.assumingMemoryBound(to: UInt8.self).span)
  }

  /// How many bytes ``enqueue(_:)`` would take now.
  public var inputSpace: Int {
    state.withLock { $0.inputEnded ? 0 : $0.input.space }
  }

  /// The input has ended: DCD drops when the guest has read the last byte.
  public func endInput() {
    let isInputLow = state.withLock { state in
      state.inputEnded = true
      return settle(&state)
    }
    if isInputLow { onInputLow() }
  }

  /// The host sends a break.
  ///
  /// It overtakes the input that the receiver has not got yet, so that it also reaches a guest that
  /// has stopped reading in time; if the receiver is full it enters as soon as there is room.
  /// Breaks sent before that are one break.
  public func sendBreak() {
    let isInputLow = state.withLock { state in
      state.breakPending = true
      return settle(&state)
    }
    if isInputLow { onInputLow() }
  }

  /// How many bytes the sink has taken.
  public var bytesTransmitted: UInt64 { transmitted.load(ordering: .relaxed) }

  /// How many bytes of input ``enqueue(_:)`` has taken.
  public var bytesReceived: UInt64 { state.withLock { $0.bytesReceived } }
  /// Resets the UART. Input that the guest has not read is put back, as after a reset of its FIFO:
  /// whoever typed ahead of a reboot loses nothing.
  public func reset() {
    let isInputLow = state.withLock { state in
      // The other end of the line notices nothing.
      state.uart = UART16550(modemInputs: state.uart.modemInputs)
      state.input.putBack()
      isTransmitTraceless.store(true, ordering: .releasing)
      return settle(&state)
    }
    if isInputLow { onInputLow() }
  }

  /// The UART as it is now.
  public var uart: UART16550 { state.withLock { $0.uart } }

  // MARK: Both

  /// Brings line, input and modem state in order after any change.
  ///
  /// - Returns: Whether `onInputLow` is due, which the caller calls after unlocking.
  private func settle(_ state: inout State) -> Bool {
    // Before the receiver is refilled, so that a condition which ends and returns makes an edge.
    driveInterrupt(&state)
    state.input.commit(unread: state.uart.receivedCount)
    if state.breakPending, state.uart.receiveSpace > 0 {
      state.breakPending = false
      state.uart.receiveBreak()
      // The bytes before it could only be put back behind it.
      state.input.commit(unread: 0)
    }
    if state.uart.receivedCount < state.uart.triggerLevel {
      while state.uart.receiveSpace > 0, let byte = state.input.deliver() {
        state.uart.receive(byte)
      }
    }
    if state.input.isEmpty {
      state.uart.receiverIdle()
      if state.inputEnded, state.uart.receivedCount == 0 {
        state.uart.setModemInputs(cts: true, dsr: true, ri: false, dcd: false)
      }
    }
    driveInterrupt(&state)
    return state.input.takeLowWaterNotice()
  }

  private func driveInterrupt(_ state: inout State) {
    let asserted = state.uart.interruptAsserted
    if asserted != state.interruptAsserted {
      state.interruptAsserted = asserted
      interrupt.set(asserted)
    }
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    state.withLock { state in
      state.uart._checkInvariants()
      state.input._checkInvariants()
      precondition(
        isTransmitTraceless.load(ordering: .relaxed) == state.uart.transmitsWithoutTrace)
      precondition(state.interruptAsserted == state.uart.interruptAsserted, "stale line")
      precondition(state.uart.lineStatus.contains(.transmitterEmpty), "a byte was left behind")
      precondition(
        state.input.isEmpty || state.uart.isLoopback
          || state.uart.receivedCount >= state.uart.triggerLevel, "input is stuck in the queue")
    }
  }
}
