import CKVM
public import KVM

/// The mode that a vCPU executes in, as its registers say.
public enum ExecutionMode: Sendable {
  case real
  case virtual8086
  /// `bits` is 16 or 32.
  case protected(bits: Int)
  /// Long mode with a code segment of `bits`, 16 or 32.
  case compatibility(bits: Int)
  case long

  /// Intel SDM volume 3, sections 2.2 and 5.2.1.
  public init(_ registers: Registers, _ special: SpecialRegisters) {
    let bits = special.cs.db != 0 ? 32 : 16
    if special.cr0 & ControlRegister.protectionEnable == 0 {
      self = .real
    } else if registers.rflags & Self.virtual8086Flag != 0 {
      self = .virtual8086
    } else if special.efer & ControlRegister.longModeActive == 0 {
      self = .protected(bits: bits)
    } else {
      self = special.cs.l != 0 ? .long : .compatibility(bits: bits)
    }
  }

  /// RFLAGS.VM.
  private static let virtual8086Flag: UInt64 = 1 << 17

  /// The width of an instruction's operands by default: 16, 32 or 64.
  public var bits: Int {
    switch self {
    case .real, .virtual8086: 16
    case .protected(let bits), .compatibility(let bits): bits
    case .long: 64
    }
  }

  /// Whether segment and offset are added as on an 8086.
  var isReal: Bool {
    switch self {
    case .real, .virtual8086: true
    default: false
    }
  }

  /// The processor's own words for it.
  public var summary: String {
    switch self {
    case .real: "16-bit real mode"
    case .virtual8086: "virtual-8086 mode"
    case .protected(let bits): "\(bits)-bit protected mode"
    case .compatibility(let bits): "\(bits)-bit compatibility mode"
    case .long: "64-bit long mode"
    }
  }
}

extension SpecialRegisters {
  /// The privilege level that the vCPU executes at: the DPL of SS (Intel SDM volume 3, 25.4.1).
  public var privilegeLevel: UInt8 { ss.dpl & 3 }
}
