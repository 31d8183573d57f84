/// Writes ACPI Machine Language: the few terms that a description of hardware needs.
///
/// ACPI specification 6.4, chapter 20 (the grammar) and section 6.4 (resource descriptors).
struct AML {
  private(set) var bytes: [UInt8] = []

  /// `Scope (name) {…}`. `name` is an encoded name string: `\` and segments of four characters.
  mutating func scope(_ name: StaticString, _ terms: (inout AML) -> Void) {
    bytes.append(0x10)
    package { aml in
      aml.bytes.append(ascii: name)
      terms(&aml)
    }
  }

  /// `Device (name) {…}`; `name` has four characters.
  mutating func device(_ name: StaticString, _ terms: (inout AML) -> Void) {
    device({ $0.append(ascii: name) }, terms)
  }

  /// `Device (CPxx) {…}`, `xx` being `index` in hexadecimal.
  mutating func processorDevice(_ index: UInt8, _ terms: (inout AML) -> Void) {
    device(
      { name in
        name.append(ascii: "CP")
        name.append(Self.hexadecimalDigit(index >> 4))
        name.append(Self.hexadecimalDigit(index & 0xF))
      }, terms)
  }

  private mutating func device(_ name: (inout [UInt8]) -> Void, _ terms: (inout AML) -> Void) {
    bytes.append(contentsOf: [0x5B, 0x82])
    package { aml in
      name(&aml.bytes)
      terms(&aml)
    }
  }

  /// `Name (name, …)`; the object follows.
  mutating func name(_ name: StaticString) {
    bytes.append(0x08)
    bytes.append(ascii: name)
  }

  /// `ZeroOp`, `OneOp`, or a constant of the smallest size.
  mutating func integer(_ value: UInt32) {
    switch value {
    case 0...1:
      bytes.append(UInt8(truncatingIfNeeded: value))
    case ...0xFF:
      bytes.append(0x0A)
      bytes.append(UInt8(truncatingIfNeeded: value))
    case ...0xFFFF:
      bytes.append(0x0B)
      bytes.append(littleEndian: UInt16(truncatingIfNeeded: value))
    default:
      bytes.append(0x0C)
      bytes.append(littleEndian: value)
    }
  }

  /// A string of ASCII characters.
  mutating func string(_ text: StaticString) {
    bytes.append(0x0D)
    bytes.append(ascii: text)
    bytes.append(0)
  }

  /// `EisaId ("PNPxxxx")`, `number` being the four hexadecimal digits: three letters of five bits, A
  /// being 1, then the number, the most significant byte first.
  mutating func plugAndPlayID(_ number: UInt16) {
    let letters: UInt16 = 16 << 10 | 14 << 5 | 16
    bytes.append(0x0C)
    bytes.append(littleEndian: letters.bigEndian)
    bytes.append(littleEndian: number.bigEndian)
  }

  /// `Package () {…}` of `count` elements, which `elements` appends.
  mutating func package(count: UInt8, _ elements: (inout AML) -> Void) {
    bytes.append(0x12)
    package { aml in
      aml.bytes.append(count)
      elements(&aml)
    }
  }

  /// `ResourceTemplate () {…}`: a buffer of descriptors and the end tag, whose checksum of 0 says
  /// that there is none.
  mutating func resources(_ descriptors: [Resource]) {
    bytes.append(0x11)
    package { aml in
      let size = descriptors.reduce(2) { $0 + $1.encodedSize }
      aml.integer(UInt32(truncatingIfNeeded: size))
      for descriptor in descriptors { descriptor.append(to: &aml.bytes) }
      aml.bytes.append(contentsOf: [0x79, 0])
    }
  }

  /// Appends `content` behind its PkgLength, which counts itself (section 20.2.4).
  private mutating func package(_ content: (inout AML) -> Void) {
    let start = bytes.count
    content(&self)
    bytes.insert(contentsOf: Self.packageLength(content: bytes.count - start), at: start)
  }

  /// One byte for up to 63 bytes; otherwise a nibble, and as many bytes as the two high bits say.
  static func packageLength(content: Int) -> [UInt8] {
    if content + 1 < 1 << 6 { return [UInt8(truncatingIfNeeded: content + 1)] }
    let followers = content + 2 < 1 << 12 ? 1 : content + 3 < 1 << 20 ? 2 : 3
    let length = content + 1 + followers
    var encoded = [UInt8(truncatingIfNeeded: followers << 6 | length & 0xF)]
    for index in 0..<followers {
      encoded.append(UInt8(truncatingIfNeeded: length >> (4 + 8 * index)))
    }
    return encoded
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x41 + value - 10
  }
}

/// What a device occupies.
enum Resource {
  /// `IO (Decode16, first, first, 1, count)`.
  case ports(first: UInt16, count: UInt8)
  /// `IRQNoFlags () {…}`: edge, active high; 0 to 15.
  case interrupt(UInt8)

  fileprivate var encodedSize: Int {
    switch self {
    case .ports: 8
    case .interrupt: 3
    }
  }

  fileprivate func append(to bytes: inout [UInt8]) {
    switch self {
    case .ports(let first, let count):
      bytes.append(contentsOf: [0x47, 1])
      bytes.append(littleEndian: first)
      bytes.append(littleEndian: first)
      bytes.append(contentsOf: [1, count])
    case .interrupt(let number):
      bytes.append(0x22)
      bytes.append(littleEndian: UInt16(1) << UInt16(number))
    }
  }
}
