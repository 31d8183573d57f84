import CKVM
import KVM

/// Instructions that a kernel uses on the processor itself. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeSystem(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    switch mnemonic {
    case .clac, .stac:
      guard privilegeLevel == 0, features.smap else { throw .invalidOpcode }
      registers.rflags &= ~Flag.alignmentCheck
      if mnemonic == .stac { registers.rflags |= Flag.alignmentCheck }
    case .rdtscp: try readTimeStamp()
    case .rdssp:
      // Without a shadow stack it does nothing.
      guard special.cr4 & ControlRegister.controlFlowEnforcement == 0 else { throw .unsupported }
    default: try invalidateTranslations(instruction)
    }
  }

  private mutating func readTimeStamp() throws(Interruption) {
    guard features.rdtscp else { throw .invalidOpcode }
    guard special.cr4 & ControlRegister.timeStampDisable == 0 || privilegeLevel == 0 else {
      throw .generalProtection()
    }
    registers.rax = timeStamp.counter & 0xFFFF_FFFF
    registers.rdx = timeStamp.counter >> 32
    registers.rcx = timeStamp.auxiliary & 0xFFFF_FFFF
  }

  /// INVPCID may forget more than it is asked to, so all is forgotten.
  private mutating func invalidateTranslations(
    _ instruction: Instruction
  ) throws(Interruption) {
    guard features.invpcid else { throw .invalidOpcode }
    guard privilegeLevel == 0 else { throw .generalProtection() }
    let type =
      registers.general(instruction.register)
      & Self.mask(bytes: instruction.bits == 64 ? 8 : 4)
    let descriptor = Vector128(try readMemory(instruction, size: 16))
    guard type <= 3 else { throw .generalProtection() }
    if type <= 1 {
      let hasIdentifiers = special.cr4 & ControlRegister.processContextIdentifiers != 0
      guard descriptor.low >> 12 == 0, hasIdentifiers || descriptor.low == 0,
        type == 1 || isCanonical(descriptor.high)
      else { throw .generalProtection() }
    }
    flushesTranslations = true
  }

  // MARK: Extended control registers

  mutating func executeExtendedControl(_ mnemonic: Mnemonic) throws(Interruption) {
    guard special.cr4 & ControlRegister.osXSAVE != 0 else { throw .invalidOpcode }
    let index = registers.rcx & 0xFFFF_FFFF
    if mnemonic == .xsetbv {
      guard privilegeLevel == 0, index == 0 else { throw .generalProtection() }
      extendedControl = registers.rax & 0xFFFF_FFFF | registers.rdx << 32
      // XCR0 always has the x87 state; KVM refuses what else the processor would.
      guard extendedControl & 1 != 0 else { throw .generalProtection() }
      return
    }
    var value = extendedControl
    switch index {
    case 0: break
    case 1 where features.xgetbvOfInUse: value &= UInt64(extended?.componentsInUse ?? 0)
    default: throw .generalProtection()
    }
    registers.rax = value & 0xFFFF_FFFF
    registers.rdx = value >> 32
  }

  // MARK: Caches

  /// CLFLUSH, CLFLUSHOPT and CLWB: checked as a load of a byte. The caches are the host's, and
  /// coherent.
  mutating func executeCacheControl(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    guard mnemonic != .clwb || features.clwb, mnemonic != .clflushopt || features.clflushopt
    else { throw .invalidOpcode }
    let address = try linearAddress(instruction, size: 1)
    try guest.probe(1, at: address, .read, as: privilege)
  }
}
