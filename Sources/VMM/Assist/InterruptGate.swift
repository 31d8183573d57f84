import CKVM
import KVM

/// An interrupt or trap gate of the guest's IDT. Intel SDM volume 3, sections 7.11 and 7.14.1.
struct InterruptGate: Equatable {
  /// Bytes of each word that it pushes: 2, 4 or 8.
  let wordSize: Int
  let selector: Selector
  let offset: UInt64
  let privilegeLevel: UInt8
  let isPresent: Bool
  /// Whether interrupts stay as they are.
  let isTrap: Bool
  /// Entry of the interrupt stack table, 1 to 7; 0 for none.
  let stackIndex: Int

  /// nil for another kind of gate, or none.
  ///
  /// - Parameter high: The second eight bytes; nil outside of long mode.
  init?(low: UInt64, high: UInt64?) {
    switch (low >> 40 & 0x1F, high) {
    case (0xE, _?), (0xF, _?): wordSize = 8
    case (0xE, nil), (0xF, nil): wordSize = 4
    case (0x6, nil), (0x7, nil): wordSize = 2
    default: return nil
    }
    selector = Selector(UInt16(truncatingIfNeeded: low >> 16))
    let offset = low & 0xFFFF | (low >> 48) << 16
    self.offset = wordSize == 2 ? offset & 0xFFFF : offset | (high ?? 0) << 32
    privilegeLevel = UInt8(low >> 45 & 3)
    isPresent = low >> 47 & 1 != 0
    isTrap = low >> 40 & 1 != 0
    stackIndex = high == nil ? 0 : Int(low >> 32 & 7)
  }

  /// The type of a task gate.
  static func isTaskGate(_ low: UInt64) -> Bool { low >> 40 & 0x1F == 0x5 }
}
