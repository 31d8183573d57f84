/// An interrupt or trap gate of the guest's IDT. Intel SDM volume 3, sections 7.11 and 7.14.1.
struct InterruptGate: Equatable {
  let descriptor: GateDescriptor
  /// Bytes of each word that it pushes: 2, 4 or 8.
  let wordSize: Int

  /// nil for another kind of gate, or none.
  init?(_ descriptor: GateDescriptor) {
    switch (descriptor.type, descriptor.high) {
    case (0xE, _?), (0xF, _?): wordSize = 8
    case (0xE, nil), (0xF, nil): wordSize = 4
    case (0x6, nil), (0x7, nil): wordSize = 2
    default: return nil
    }
    self.descriptor = descriptor
  }

  var selector: Selector { descriptor.selector }
  var privilegeLevel: UInt8 { descriptor.privilegeLevel }
  var isPresent: Bool { descriptor.isPresent }
  var stackIndex: Int { descriptor.stackIndex }
  /// Whether interrupts stay as they are.
  var isTrap: Bool { descriptor.type & 1 != 0 }
  /// The handler's first instruction, in the segment that ``selector`` names.
  var offset: UInt64 { wordSize == 2 ? descriptor.offset & 0xFFFF : descriptor.offset }
}
