import Synchronization

/// A PC's interrupt controller: two ``PIC8259`` with 15 inputs, the slave on IR2 of the master, and
/// the edge/level control registers (ELCR) of the chipset.
///
/// For machines whose interrupt controller is not the kernel's. Whoever runs the virtual CPU asks
/// ``hasInterrupt`` before each entry, and when the CPU can take an interrupt, injects the vector
/// that ``acknowledge()`` returns.
///
/// **Spurious interrupts.** If the request has gone by the time of the acknowledge, the vector is
/// that of IRQ 7 with nothing in service, as on the chip. A spurious IRQ 15 needs a request that goes
/// away between the two acknowledge cycles, of which the first is the master's and the second the
/// slave's; here they are one step, and a request that leaves the slave leaves the master with it.
///
/// **Threads.** Everything may be called from any thread. One lock guards both chips. It is not held
/// while `outputChanged` runs, so two threads may report changes in the wrong order: the argument
/// says what changed, and ``hasInterrupt`` what holds. `outputChanged` runs under the lock of
/// whichever device has driven its line, so it must not call devices.
public final class InterruptController8259: PortIODevice {
  private struct Chips {
    /// IRQ 0 to 7; the timer, the keyboard and the slave are always edge-triggered.
    var master = PIC8259(configurableInputs: 0xF8, cascadeInput: 2)
    /// IRQ 8 to 15; the real-time clock and the coprocessor are always edge-triggered.
    var slave = PIC8259(configurableInputs: 0xDE)

    init(mask: UInt8) {
      master.mask = mask
      slave.mask = mask
    }
  }

  /// The ports: the master, the slave, ELCR.
  public static let ports: [ClosedRange<UInt16>] = [0x20...0x21, 0xA0...0xA1, 0x4D0...0x4D1]

  private let chips: Mutex<Chips>
  private let initialMask: UInt8
  /// INTR, for a look without the lock. Only stored with it.
  private let intr = Atomic(false)
  private let outputChanged: @Sendable (Bool) -> Void

  /// Creates a controller that the guest has yet to initialise.
  ///
  /// - Parameters:
  ///   - initialMask: IMR of both chips until the guest sets it: 0 as QEMU and KVM start them, 0xFF as
  ///     firmware leaves them to a guest that has no handlers yet.
  ///   - outputChanged: Called with the new level when INTR has gone up or down, without the
  ///     controller's lock, on the thread that made it.
  public init(initialMask: UInt8 = 0, outputChanged: @escaping @Sendable (Bool) -> Void) {
    self.initialMask = initialMask
    chips = Mutex(Chips(mask: initialMask))
    self.outputChanged = outputChanged
  }

  // MARK: The processor's side

  /// INTR: whether an interrupt waits to be acknowledged.
  public var hasInterrupt: Bool { intr.load(ordering: .acquiring) }

  /// INTA: the processor takes the interrupt.
  ///
  /// - Returns: The vector; that of IRQ 7 if the request has gone.
  public func acknowledge() -> UInt8 {
    update { chips in
      let level = chips.master.acknowledge()
      guard level == 2 else { return chips.master.vector(of: level) }
      // INT falls with an acknowledge, so that a request that is still there makes an edge.
      chips.master.setInput(2, false)
      return chips.slave.vector(of: chips.slave.acknowledge())
    }
  }

  // MARK: The devices' side

  /// The wire to an input.
  ///
  /// - Parameter irq: 0 to 15. Each input is for one device: the last level that was set counts.
  /// - Returns: The line. For IRQ 2, which is the slave's, and for numbers that do not exist, one
  ///   that is connected to nothing.
  public func line(_ irq: Int) -> any InterruptLine {
    guard let input = UInt8(exactly: irq), input < 16, input != 2 else { return Unconnected() }
    return Input(controller: self, number: input)
  }

  private struct Unconnected: InterruptLine {
    func set(_ asserted: Bool) {}
  }

  private struct Input: InterruptLine {
    let controller: InterruptController8259
    let number: UInt8

    func set(_ asserted: Bool) { controller.setInput(number, asserted) }
  }

  private func setInput(_ number: UInt8, _ isHigh: Bool) {
    update { chips in
      if number < 8 {
        chips.master.setInput(number, isHigh)
      } else {
        chips.slave.setInput(number & 7, isHigh)
      }
    }
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
    let register = UInt8(truncatingIfNeeded: port & 1)
    return switch port {
    // A read may be a poll, and thereby an acknowledge.
    case 0x20, 0x21: update { $0.master.read(register) }
    case 0xA0, 0xA1:
      update { chips in
        if chips.slave.isPolled { chips.master.setInput(2, false) }
        return chips.slave.read(register)
      }
    case 0x4D0: chips.withLock { $0.master.levelTriggered }
    case 0x4D1: chips.withLock { $0.slave.levelTriggered }
    default: 0xFF
    }
  }

  private func writeRegister(at port: UInt16, _ value: UInt8) {
    let register = UInt8(truncatingIfNeeded: port & 1)
    switch port {
    case 0x20, 0x21: update { $0.master.write(register, value) }
    case 0xA0, 0xA1: update { $0.slave.write(register, value) }
    case 0x4D0: update { $0.master.writeLevelTriggered(value) }
    case 0x4D1: update { $0.slave.writeLevelTriggered(value) }
    default: break
    }
  }

  // MARK: All

  /// The chips before their initialisation, but for the levels of the inputs, which others drive.
  public func reset() {
    update { chips in
      let inputs = (chips.master.inputs, chips.slave.inputs)
      chips = Chips(mask: initialMask)
      for input in UInt8(0)..<8 where input != 2 {
        chips.master.setInput(input, inputs.0 >> input & 1 != 0)
      }
      for input in UInt8(0)..<8 { chips.slave.setInput(input, inputs.1 >> input & 1 != 0) }
    }
  }

  /// The chips as they are now.
  public var pics: (master: PIC8259, slave: PIC8259) {
    chips.withLock { ($0.master, $0.slave) }
  }

  /// Changes the chips, and drives the cascade and INTR accordingly.
  private func update<Result>(_ body: (inout Chips) -> Result) -> Result {
    let (result, change) = chips.withLock { chips -> (Result, Bool?) in
      let result = body(&chips)
      chips.master.setInput(2, chips.slave.isRequesting)
      let level = chips.master.isRequesting
      guard level != intr.load(ordering: .relaxed) else { return (result, nil) }
      intr.store(level, ordering: .releasing)
      return (result, level)
    }
    if let change { outputChanged(change) }
    return result
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    chips.withLock { chips in
      chips.master._checkInvariants()
      chips.slave._checkInvariants()
      precondition(chips.slave.isRequesting == (chips.master.inputs & 0x04 != 0), "stale cascade")
      precondition(chips.master.isRequesting == intr.load(ordering: .relaxed), "stale INTR")
    }
  }
}
