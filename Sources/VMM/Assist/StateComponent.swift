import CKVM
import KVM

/// One component of the state that XSAVE manages beyond x87 and SSE. Intel SDM volume 1, section 13.2.
struct StateComponent: Equatable {
  /// Its bit in XCR0.
  let number: UInt64
  /// In the standard format, bytes from the area's start.
  let offset: Int
  let size: Int
  /// Whether the compacted format puts it at a multiple of 64.
  let isAligned: Bool

  var bit: UInt64 { 1 << number }

  /// Those of user mode that `cpuid` names, in the order of their bits. Intel SDM volume 2, CPUID, leaf
  /// 0DH.
  static func all(in cpuid: CPUID) -> [StateComponent] {
    (UInt32(2)...62).compactMap { number in
      guard let leaf = cpuid[function: 0xD, index: number], leaf.eax > 0, leaf.ecx & 1 == 0,
        (576...1 << 16).contains(leaf.ebx), leaf.eax <= 1 << 16, leaf.eax % 4 == 0,
        leaf.ebx % 4 == 0
      else { return nil }
      return StateComponent(
        number: UInt64(number), offset: Int(leaf.ebx), size: Int(leaf.eax),
        isAligned: leaf.ecx & 2 != 0)
    }
  }

  /// Where the components of `format`, XCOMP_BV, lie in the compacted format.
  static func compacted(_ components: [StateComponent], format: UInt64) -> [StateComponent] {
    var end = 576
    return components.filter { format & $0.bit != 0 }.map { component in
      if component.isAligned { end = (end + 63) & ~63 }
      defer { end += component.size }
      return StateComponent(
        number: component.number, offset: end, size: component.size,
        isAligned: component.isAligned)
    }
  }
}
