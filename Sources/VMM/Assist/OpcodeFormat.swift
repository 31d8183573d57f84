/// What follows an opcode of the set.
struct OpcodeFormat: Equatable {
  var hasModRM = false
  /// One byte; no instruction of the set has a longer one.
  var hasImmediate = false

  /// nil for an opcode without an instruction of the set. Intel SDM volume 2, appendix A.
  init?(_ map: Instruction.OpcodeMap, _ opcode: UInt8) {
    switch map {
    case .oneByte:
      switch opcode {
      case 0x27, 0x2F, 0x37, 0x3F, 0x9B, 0xCC, 0xCE, 0xCF, 0xF1: break
      case 0xCD, 0xD4, 0xD5: hasImmediate = true
      case 0xD8...0xDF: hasModRM = true
      default: return nil
      }
    case .twoByte:
      switch opcode {
      case 0x77: break
      case 0x70...0x73, 0xC2, 0xC4...0xC6:
        hasModRM = true
        hasImmediate = true
      case 0x00...0x03, 0x10...0x17, 0x1E, 0x28...0x2F, 0x50...0x6F, 0x74...0x76, 0x7E, 0x7F, 0xAE,
        0xB8, 0xC7, 0xD1...0xFE:
        hasModRM = true
      default: return nil
      }
    case .threeByte38:
      switch opcode {
      case 0x82, 0xF0, 0xF1: hasModRM = true
      default: return nil
      }
    }
  }
}
