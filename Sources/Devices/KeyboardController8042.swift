import Synchronization

/// The keyboard controller of a PC: an ``I8042`` with keyboard and mouse at ports 0x60 and 0x64,
/// between two interrupt lines, the A20 gate and the host's input.
///
/// **Interrupts.** Every byte in the output buffer drives its line low and high, so that each is an
/// edge: IRQ 1 for the keyboard's, IRQ 12 for the mouse's.
///
/// **Keys.** ``press(_:)`` and ``release(_:)`` reach the keyboard at once, which holds sixteen bytes
/// for a guest that is busy and then overruns, as hardware does. ``type(_:)`` waits instead: its
/// keys follow each other by ``typingInterval`` and not before the guest has taken the last one,
/// and wait while the guest has the keyboard disabled, so nothing is lost however slow or busy the
/// guest is; this is why the controller is a ``TimedDevice``. The interval is there for drivers that
/// take the keyboard for a broken one if it never falls silent: Linux gives up on a controller
/// whose buffer is not empty after 16 reads. Keys pressed while typed ones wait queue up behind
/// them, as far as there is room.
///
/// **Mouse.** Movements and buttons go into the report that the guest takes next: see ``PS2Mouse``.
///
/// **Threads.** Everything may be called from any thread. One lock guards all of it; the interrupt
/// lines and the A20 gate are set under it, `onReset` and the clock's `deadlineChanged` are called
/// without.
public final class KeyboardController8042: PortIODevice, TimedDevice {
  private struct State {
    var registers = I8042()
    var typed: KeyEventQueue
    /// When the next typed key may be sent, at the earliest.
    var nextKeyTime: UInt64 = 0
    var keyboardLine = false
    var mouseLine = false

    var deadline: UInt64? {
      typed.isEmpty || !registers.isReadyForKey ? nil : nextKeyTime
    }
  }

  /// The data port and the command and status port. 0x61 to 0x63 in between are not the 8042's.
  public static let ports: [ClosedRange<UInt16>] = [0x60...0x60, 0x64...0x64]
  /// Nanoseconds between two typed key events: two milliseconds, about as long as the slowest
  /// keyboards need for the bytes.
  public static let typingInterval: UInt64 = 2_000_000
  /// How many key events typed text may queue up. A character is two, with Shift four.
  public static let typedEventCapacity = 4096

  private static let dataPort: UInt16 = 0x60
  private static let commandPort: UInt16 = 0x64

  private let keyboardInterrupt: any InterruptLine
  private let mouseInterrupt: any InterruptLine
  private let a20: A20Gate
  private let clock: DeviceClock
  private let onReset: @Sendable (ResetCause) -> Void
  private let state: Mutex<State>

  /// Creates a controller as firmware leaves it, its interrupt lines low.
  ///
  /// - Parameters:
  ///   - keyboardInterrupt: IRQ 1.
  ///   - mouseInterrupt: IRQ 12.
  ///   - a20: The gate that the output port switches.
  ///   - clock: Paces typed text.
  ///   - onReset: Called on the thread of the virtual CPU that asks for a reset, without a lock;
  ///     that the CPU must not run on is the business of whoever takes the call.
  public init(
    keyboardInterrupt: any InterruptLine,
    mouseInterrupt: any InterruptLine,
    a20: A20Gate,
    clock: DeviceClock,
    onReset: @escaping @Sendable (ResetCause) -> Void
  ) {
    self.keyboardInterrupt = keyboardInterrupt
    self.mouseInterrupt = mouseInterrupt
    self.a20 = a20
    self.clock = clock
    self.onReset = onReset
    state = Mutex(State(typed: KeyEventQueue(capacity: Self.typedEventCapacity)))
  }

  // MARK: The guest's side

  /// Reads data or status, and 0xFF in the other bytes of a wide access.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { port in
      switch port {
      case Self.dataPort: change { $0.registers.readData() }
      case Self.commandPort: change { $0.registers.readStatus().rawValue }
      default: 0xFF
      }
    }
  }

  /// Writes data or a command; the other bytes of a wide access belong to other ports.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { port, byte in
      guard port == Self.dataPort || port == Self.commandPort else { return }
      let isReset = change { state in
        let request =
          port == Self.dataPort
          ? state.registers.writeData(byte)
          : state.registers.writeCommand(byte, isA20Enabled: a20.isEnabled)
        if case .setA20(let isEnabled) = request { a20.set(isEnabled) }
        return request == .reset
      }
      if isReset { onReset(.keyboardController) }
    }
  }

  // MARK: The host's side

  /// Presses a key, or repeats one that is held.
  public func press(_ key: Key) { send(key, isPress: true) }

  /// Releases a key.
  public func release(_ key: Key) { send(key, isPress: false) }

  private func send(_ key: Key, isPress: Bool) {
    change { state in
      if state.typed.isEmpty {
        Self.deliver(KeyEventQueue.Event(key: key, isPress: isPress), to: &state)
      } else {
        state.typed.append(key, isPress: isPress)
      }
    }
  }

  /// Types text on a US keyboard.
  ///
  /// Characters that such a keyboard does not have are skipped. A guest with Caps Lock on sees
  /// letters in the other case, as with any keyboard.
  ///
  /// - Parameter text: The text; its line ends, "\n", "\r" or "\r\n", are Enter.
  /// - Returns: How many bytes of its UTF-8, from the first, were queued or skipped; fewer than it
  ///   has if the queue is full.
  @discardableResult
  public func type(_ text: String) -> Int {
    change { state in
      var taken = 0
      var previous: UInt8 = 0
      for character in text.utf8 {
        let isEndOfSameLine = previous == UInt8(ascii: "\r") && character == UInt8(ascii: "\n")
        if !isEndOfSameLine, let stroke = USKeyboardLayout.keystroke(for: character),
          !state.typed.appendKeystroke(stroke.key, isShifted: stroke.isShifted)
        {
          break
        }
        previous = character
        taken += 1
      }
      return taken
    }
  }

  /// Types one key with others held: presses them in order, and releases them in reverse.
  ///
  /// - Returns: Whether there was room for all of it; otherwise nothing is typed.
  @discardableResult
  public func type(_ keys: [Key]) -> Bool {
    change { state in
      guard state.typed.space >= 2 * keys.count else { return false }
      for key in keys { state.typed.append(key, isPress: true) }
      for key in keys.reversed() { state.typed.append(key, isPress: false) }
      return true
    }
  }

  /// How many key events can be typed now: two for each key that a character needs.
  public var typingSpace: Int { state.withLock { $0.typed.space } }

  /// Moves the mouse, in counts that the guest takes for pixels or accelerates.
  ///
  /// - Parameters:
  ///   - dx: To the right.
  ///   - dy: Down.
  ///   - wheel: Notches away from the user, which scrolls up.
  public func moveMouse(dx: Int, dy: Int, wheel: Int = 0) {
    change { $0.registers.mouse.move(dx: dx, dy: dy, wheel: wheel) }
  }

  /// Presses and releases the mouse's buttons.
  ///
  /// - Parameter buttons: All that are held from now on.
  public func setMouseButtons(_ buttons: PS2Mouse.Buttons) {
    change { $0.registers.mouse.setButtons(buttons) }
  }

  /// The keyboard's lamps, as the guest has set them.
  public var leds: PS2Keyboard.LEDs { state.withLock { $0.registers.keyboard.leds } }

  /// The registers and devices as they are now.
  public var registers: I8042 { state.withLock { $0.registers } }

  /// The state at power-on, for a machine that starts anew: lines low, nothing typed. The A20 gate
  /// is reset by its owner.
  public func reset() {
    change { state in
      state.registers = I8042()
      state.typed.removeAll()
    }
  }

  // MARK: Time

  /// When the next typed key is due; nil if none waits or the guest is not ready for it.
  public var deadline: UInt64? { state.withLock { $0.deadline } }

  /// Sends a typed key that is due.
  public func advance(to now: UInt64) {
    state.withLock { state in
      settle(&state, now: now)
    }
  }

  // MARK: All sides

  /// Accesses or changes the state, and brings buffer, lines and typed keys in order: before, so
  /// that a guest sees a key that is due though no thread has called ``advance(to:)``, and after.
  private func change<Result>(_ body: (inout State) -> Result) -> Result {
    let (result, isEarlier) = state.withLock { state in
      let before = state.deadline
      if before != nil { settle(&state, now: clock.now()) }
      let result = body(&state)
      settle(&state, now: state.typed.isEmpty ? 0 : clock.now())
      return (result, (state.deadline ?? .max) < (before ?? .max))
    }
    if isEarlier { clock.deadlineChanged() }
    return result
  }

  private func settle(_ state: inout State, now: UInt64) {
    // Before the buffer is filled again, so that every byte makes an edge.
    driveInterrupts(&state)
    state.registers.fillOutputBuffer()
    if let deadline = state.deadline, deadline <= now, let event = state.typed.popFirst() {
      Self.deliver(event, to: &state)
      state.nextKeyTime = now &+ Self.typingInterval
      state.registers.fillOutputBuffer()
    }
    driveInterrupts(&state)
  }

  private static func deliver(_ event: KeyEventQueue.Event, to state: inout State) {
    if event.isPress {
      state.registers.keyboard.press(event.key)
    } else {
      state.registers.keyboard.release(event.key)
    }
  }

  private func driveInterrupts(_ state: inout State) {
    let keyboard = state.registers.keyboardInterruptAsserted
    if keyboard != state.keyboardLine {
      state.keyboardLine = keyboard
      keyboardInterrupt.set(keyboard)
    }
    let mouse = state.registers.auxiliaryInterruptAsserted
    if mouse != state.mouseLine {
      state.mouseLine = mouse
      mouseInterrupt.set(mouse)
    }
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    state.withLock { state in
      state.registers._checkInvariants()
      state.typed._checkInvariants()
      precondition(state.registers._isSettled, "a byte was left behind")
      precondition(state.keyboardLine == state.registers.keyboardInterruptAsserted, "stale line")
      precondition(state.mouseLine == state.registers.auxiliaryInterruptAsserted, "stale line")
    }
  }
}
