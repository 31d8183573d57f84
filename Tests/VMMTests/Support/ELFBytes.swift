/// An ELF file put together by hand, right or wrong.
struct ELFBytes {
  struct Segment {
    var type: UInt32 = 1
    var flags: UInt32 = 7
    var offset: UInt64 = 0x1000
    var virtual: UInt64 = 0x10_0000
    var physical: UInt64 = 0x10_0000
    var fileSize: UInt64 = 16
    var memorySize: UInt64 = 16
  }

  struct Section {
    var type: UInt32 = 3
    var address: UInt64 = 0
    var offset: UInt64 = 0x1000
    var size: UInt64 = 8
    var alignment: UInt64 = 1
  }

  var is64 = true
  var classByte: UInt8?
  var dataByte: UInt8 = 1
  var type: UInt16 = 2
  var machine: UInt16?
  var entry: UInt64 = 0x10_0000
  var programHeaders: UInt64?
  var programHeaderSize: UInt16?
  var programHeaderCount: UInt16?
  var sectionHeaders: UInt64?
  var sectionHeaderSize: UInt16?
  var segments = [Segment()]
  var sections: [Section] = []
  /// What the file has from 0x1000 on; before that there are only headers.
  var content = [UInt8](repeating: 0x90, count: 64)

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, classByte ?? (is64 ? 2 : 1), dataByte, 1]
    bytes += [UInt8](repeating: 0, count: 9)
    func append<Value: FixedWidthInteger>(_ value: Value) {
      for index in 0..<Value.bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index)))
      }
    }
    func address(_ value: UInt64) {
      if is64 { append(value) } else { append(UInt32(truncatingIfNeeded: value)) }
    }
    let headerSize: UInt16 = is64 ? 64 : 52
    append(type)
    append(machine ?? (is64 ? 62 : 3))
    append(UInt32(1))
    address(entry)
    address(programHeaders ?? UInt64(headerSize))
    address(sectionHeaders ?? (sections.isEmpty ? 0 : 0x800))
    append(UInt32(0))
    append(headerSize)
    append(programHeaderSize ?? (is64 ? 56 : 32))
    append(programHeaderCount ?? UInt16(segments.count))
    append(sectionHeaderSize ?? (is64 ? 64 : 40))
    append(UInt16(sections.count))
    append(UInt16(0))
    for segment in segments {
      append(segment.type)
      if is64 { append(segment.flags) }
      address(segment.offset)
      address(segment.virtual)
      address(segment.physical)
      address(segment.fileSize)
      address(segment.memorySize)
      if !is64 { append(segment.flags) }
      address(4096)
    }
    bytes += [UInt8](repeating: 0, count: max(0, 0x800 - bytes.count))
    for section in sections {
      append(UInt32(0))
      append(section.type)
      address(0)
      address(section.address)
      address(section.offset)
      address(section.size)
      append(UInt32(0))
      append(UInt32(0))
      address(section.alignment)
      address(0)
    }
    bytes += [UInt8](repeating: 0, count: max(0, 0x1000 - bytes.count))
    return bytes + content
  }
}

/// Multiboot headers put together by hand.
enum MultibootBytes {
  static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  /// A header of version 1 with these flags and the fields after the checksum.
  static func version1(flags: UInt32, _ fields: [UInt32] = []) -> [UInt8] {
    words([0x1BAD_B002, flags, 0 &- 0x1BAD_B002 &- flags] + fields)
  }

  /// A tag of a header of version 2, with its padding.
  static func tag(_ type: UInt16, optional: Bool = false, _ content: [UInt32]) -> [UInt8] {
    let bytes =
      words([UInt32(type) | (optional ? 1 << 16 : 0), UInt32(8 + 4 * content.count)])
      + words(content)
    return bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
  }

  /// A header of version 2 with these tags and the end tag.
  static func version2(
    architecture: UInt32 = 0, _ tags: [[UInt8]] = [], length: UInt32? = nil
  ) -> [UInt8] {
    let body = tags.flatMap(\.self) + tag(0, [])
    let length = length ?? UInt32(16 + body.count)
    return words(
      [0xE852_50D6, architecture, length, 0 &- 0xE852_50D6 &- architecture &- length]) + body
  }
}
