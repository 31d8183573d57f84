import CKVM
import KVM

extension AssistedProcessor {
  /// The descriptor that `selector` names; nil beyond the limit of its table.
  func descriptor(_ selector: Selector) throws(Interruption) -> SegmentDescriptor? {
    guard let address = descriptorAddress(selector) else { return nil }
    return SegmentDescriptor(
      rawValue: try guest.readInteger(8, at: address, as: .system))
  }

  /// Notes in the table that the descriptor, of a code or data segment, is loaded.
  func markAccessed(_ descriptor: SegmentDescriptor, _ selector: Selector) throws(Interruption) {
    guard !descriptor.isAccessed, let address = descriptorAddress(selector) else { return }
    let access = UInt8(truncatingIfNeeded: descriptor.rawValue >> 40) | 1
    try guest.write([access], at: address &+ 5, as: .system)
  }

  private func descriptorAddress(_ selector: Selector) -> UInt64? {
    let (base, limit): (UInt64, UInt64)
    if selector.isLocal {
      guard special.ldt.unusable == 0, !Selector(special.ldt.selector).isNull else { return nil }
      (base, limit) = (special.ldt.base, UInt64(special.ldt.limit))
    } else {
      (base, limit) = (special.gdt.base, UInt64(special.gdt.limit))
    }
    guard selector.offset + 7 <= limit else { return nil }
    return base &+ selector.offset
  }
}
