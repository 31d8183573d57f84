import CKVM
import KVM

extension Registers {
  /// Register `number` as instructions encode it, 0 to 15.
  func general(_ number: Int) -> UInt64 {
    let all = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15]
    return all[number & 15]
  }

  /// Writes the low `size` bytes, 2, 4 or 8, of register `number` as an instruction does: 4 bytes clear
  /// those above, 2 leave them.
  mutating func setGeneral(_ number: Int, _ value: UInt64, size: Int) {
    let old = general(number)
    let new =
      switch size {
      case 2: old & ~0xFFFF | value & 0xFFFF
      case 4: value & 0xFFFF_FFFF
      default: value
      }
    switch number & 15 {
    case 0: rax = new
    case 1: rcx = new
    case 2: rdx = new
    case 3: rbx = new
    case 4: rsp = new
    case 5: rbp = new
    case 6: rsi = new
    case 7: rdi = new
    case 8: r8 = new
    case 9: r9 = new
    case 10: r10 = new
    case 11: r11 = new
    case 12: r12 = new
    case 13: r13 = new
    case 14: r14 = new
    default: r15 = new
    }
  }
}
