import CKVM
import KVM

extension Registers {
  /// Register `number` as instructions encode it, 0 to 15.
  func general(_ number: Int) -> UInt64 {
    let all = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15]
    return all[number & 15]
  }
}
