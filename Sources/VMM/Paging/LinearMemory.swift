import CKVM
import KVM

/// Guest memory as a vCPU sees it, through its page tables.
struct LinearMemory {
  let special: SpecialRegisters
  let memory: GuestMemory

  /// The bytes from `linear` on, `count` at most: as far as they are mapped, and RAM.
  func read(_ count: Int, at linear: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let next = linear &+ UInt64(bytes.count)
      // Not beyond the page: the next one may lie elsewhere.
      let length = min(count - bytes.count, 4096 - Int(next % 4096))
      guard let physical = PageWalk(next, special, in: memory).physical,
        let part = memory.read(length, at: GuestAddress(physical))
      else { break }
      bytes += part
    }
    return bytes
  }
}
