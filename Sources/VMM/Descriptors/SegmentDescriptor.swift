import CKVM
import KVM

/// A descriptor of a code, data or system segment: 8 bytes of the GDT or the LDT.
///
/// Intel SDM volume 3, section 3.4.5.
struct SegmentDescriptor: Equatable {
  let rawValue: UInt64

  /// Four bits; what they mean depends on ``isSystem``.
  var type: UInt8 { UInt8(rawValue >> 40 & 0xF) }
  var isSystem: Bool { rawValue >> 44 & 1 == 0 }
  var privilegeLevel: UInt8 { UInt8(rawValue >> 45 & 3) }
  var isPresent: Bool { rawValue >> 47 & 1 != 0 }
  var isLong: Bool { rawValue >> 53 & 1 != 0 }
  var isBig: Bool { rawValue >> 54 & 1 != 0 }
  var isPageGranular: Bool { rawValue >> 55 & 1 != 0 }

  var base: UInt64 { rawValue >> 16 & 0xFF_FFFF | (rawValue >> 56) << 24 }

  /// Bytes, less one.
  var limit: UInt32 {
    let limit = UInt32(rawValue & 0xFFFF) | UInt32(rawValue >> 48 & 0xF) << 16
    return isPageGranular ? limit << 12 | 0xFFF : limit
  }

  var isCode: Bool { !isSystem && type & 8 != 0 }
  var isConforming: Bool { isCode && type & 4 != 0 }
  var isReadable: Bool { !isSystem && (type & 8 == 0 || type & 2 != 0) }
  var isWritableData: Bool { !isSystem && type & 8 == 0 && type & 2 != 0 }
  var isAccessed: Bool { type & 1 != 0 }

  /// The segment register that holds it.
  func segment(selector: UInt16) -> Segment {
    var segment = Segment()
    segment.base = base
    segment.limit = limit
    segment.selector = selector
    segment.type = type | (isSystem ? 0 : 1)
    segment.present = isPresent ? 1 : 0
    segment.dpl = privilegeLevel
    segment.db = isBig ? 1 : 0
    segment.s = isSystem ? 0 : 1
    segment.l = isLong ? 1 : 0
    segment.g = isPageGranular ? 1 : 0
    segment.avl = UInt8(rawValue >> 52 & 1)
    return segment
  }
}

/// A segment selector: an index, a table, and a requested privilege level.
struct Selector: Equatable {
  let rawValue: UInt16

  init(_ rawValue: UInt16) { self.rawValue = rawValue }

  var isNull: Bool { rawValue & ~3 == 0 }
  var requestedPrivilegeLevel: UInt8 { UInt8(rawValue & 3) }
  var isLocal: Bool { rawValue & 4 != 0 }
  /// From the table's start.
  var offset: UInt64 { UInt64(rawValue & ~7) }
  /// As exceptions name it.
  var errorCode: UInt32 { UInt32(rawValue & ~3) }

  func with(requestedPrivilegeLevel level: UInt8) -> Selector {
    Selector(rawValue & ~3 | UInt16(level & 3))
  }
}
