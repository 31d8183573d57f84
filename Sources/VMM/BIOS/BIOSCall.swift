import CKVM
import KVM

/// One call of the BIOS: the registers of the vCPU that executed `int`, and the FLAGS that will be
/// restored when the call returns.
struct BIOSCall {
  /// How the call ends.
  enum Outcome {
    /// It returns to its caller.
    case returns
    /// It is made again, with the same registers, after the next interrupt.
    case waitsForInterrupt
    /// It is made again, with the same registers, at once; interrupts are taken in between.
    case repeats
  }

  let vector: UInt8
  var registers: Registers
  let ds: UInt16
  /// The caller's, and the result of some calls.
  var es: UInt16
  /// Where the caller's IP, CS and FLAGS lie.
  let frame: UInt32
  /// The FLAGS with which the call returns, 16 bits.
  var flags: UInt64
  /// Whether nothing here implements the call.
  var isUnsupported = false

  /// - Parameters:
  ///   - registers: Of the vCPU, in a slot of ``BIOSROM``.
  ///   - special: Of the same vCPU, in real mode.
  init(
    vector: UInt8, registers: Registers, special: SpecialRegisters, memory: RealModeMemory
  ) {
    self.vector = vector
    self.registers = registers
    ds = special.ds.selector
    es = special.es.selector
    frame = RealModeMemory.linear(
      special.ss.selector, UInt16(truncatingIfNeeded: registers.rsp))
    flags = UInt64(memory.word(frame &+ 4))
  }

  /// The caller's CS:IP, behind its `int`.
  func returnAddress(_ memory: RealModeMemory) -> FarPointer { memory.pointer(at: frame) }
}

// MARK: - Registers

extension BIOSCall {
  var ax: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rax) }
    set { Self.set(&registers.rax, newValue) }
  }
  var bx: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rbx) }
    set { Self.set(&registers.rbx, newValue) }
  }
  var cx: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rcx) }
    set { Self.set(&registers.rcx, newValue) }
  }
  var dx: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rdx) }
    set { Self.set(&registers.rdx, newValue) }
  }
  var si: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rsi) }
    set { Self.set(&registers.rsi, newValue) }
  }
  var di: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rdi) }
    set { Self.set(&registers.rdi, newValue) }
  }
  var bp: UInt16 {
    get { UInt16(truncatingIfNeeded: registers.rbp) }
    set { Self.set(&registers.rbp, newValue) }
  }
  var al: UInt8 {
    get { UInt8(truncatingIfNeeded: ax) }
    set { ax = ax & 0xFF00 | UInt16(newValue) }
  }
  var ah: UInt8 {
    get { UInt8(truncatingIfNeeded: ax >> 8) }
    set { ax = ax & 0x00FF | UInt16(newValue) << 8 }
  }
  var bl: UInt8 {
    get { UInt8(truncatingIfNeeded: bx) }
    set { bx = bx & 0xFF00 | UInt16(newValue) }
  }
  var bh: UInt8 {
    get { UInt8(truncatingIfNeeded: bx >> 8) }
    set { bx = bx & 0x00FF | UInt16(newValue) << 8 }
  }
  var cl: UInt8 {
    get { UInt8(truncatingIfNeeded: cx) }
    set { cx = cx & 0xFF00 | UInt16(newValue) }
  }
  var ch: UInt8 {
    get { UInt8(truncatingIfNeeded: cx >> 8) }
    set { cx = cx & 0x00FF | UInt16(newValue) << 8 }
  }
  var dl: UInt8 {
    get { UInt8(truncatingIfNeeded: dx) }
    set { dx = dx & 0xFF00 | UInt16(newValue) }
  }
  var dh: UInt8 {
    get { UInt8(truncatingIfNeeded: dx >> 8) }
    set { dx = dx & 0x00FF | UInt16(newValue) << 8 }
  }

  private static func set(_ register: inout UInt64, _ value: UInt16) {
    register = register & ~0xFFFF | UInt64(value)
  }

  /// The linear address of ES and an offset.
  func es(_ offset: UInt16) -> UInt32 { RealModeMemory.linear(es, offset) }
  /// The linear address of DS and an offset.
  func ds(_ offset: UInt16) -> UInt32 { RealModeMemory.linear(ds, offset) }
}

// MARK: - Flags

extension BIOSCall {
  /// What most calls tell an error by.
  var carry: Bool {
    get { flags & Flag.carry != 0 }
    set { flags = newValue ? flags | Flag.carry : flags & ~Flag.carry }
  }
  var zero: Bool {
    get { flags & Flag.zero != 0 }
    set { flags = newValue ? flags | Flag.zero : flags & ~Flag.zero }
  }

  /// Ends a call that nothing here implements: carry, and registers as they were.
  mutating func unsupported() {
    carry = true
    isUnsupported = true
  }
}
