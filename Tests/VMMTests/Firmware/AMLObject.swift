import Testing

/// A named object, read back from AML by the grammar of ACPI 6.4, chapter 20: scopes, devices and
/// names of data.
struct AMLObject {
  let name: String
  /// Of a scope or device.
  var children: [AMLObject] = []
  /// Of a name: its object, encoded.
  var data: [UInt8] = []

  static func parse(_ bytes: [UInt8]) throws -> [AMLObject] {
    var reader = Reader(rest: bytes[...])
    var objects: [AMLObject] = []
    while !reader.rest.isEmpty { objects.append(try reader.object()) }
    return objects
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func take(_ count: Int) throws -> [UInt8] {
      try #require(count >= 0 && rest.count >= count)
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    /// The content of what begins with a PkgLength.
    mutating func package() throws -> [UInt8] {
      let before = rest.count
      let lead = Int(try take(1)[0])
      var length = lead >> 6 == 0 ? lead : lead & 0xF
      for (index, byte) in try take(lead >> 6).enumerated() {
        length |= Int(byte) << (4 + 8 * index)
      }
      return try take(length - (before - rest.count))
    }

    mutating func nameString() throws -> String {
      let root = rest.first == 0x5C ? try take(1) : []
      return String(decoding: root + (try take(4)), as: UTF8.self)
    }

    mutating func object() throws -> AMLObject {
      switch try take(1)[0] {
      case 0x10: return try container()
      case 0x5B:
        try #require(try take(1)[0] == 0x82)
        return try container()
      case 0x08: return AMLObject(name: try nameString(), data: try data())
      default: throw UnknownTerm()
      }
    }

    private mutating func container() throws -> AMLObject {
      var content = Reader(rest: try package()[...])
      let name = try content.nameString()
      return AMLObject(name: name, children: try AMLObject.parse(Array(content.rest)))
    }

    private mutating func data() throws -> [UInt8] {
      let start = rest
      switch try take(1)[0] {
      case 0x00, 0x01: break
      case 0x0A: _ = try take(1)
      case 0x0B: _ = try take(2)
      case 0x0C: _ = try take(4)
      case 0x0D: while try take(1)[0] != 0 {}
      case 0x11, 0x12: _ = try package()
      default: throw UnknownTerm()
      }
      return Array(start.prefix(start.count - rest.count))
    }
  }

  struct UnknownTerm: Error {}
}
