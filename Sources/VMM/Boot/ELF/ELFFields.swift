/// Fields of an ELF header, a program header or a section header, at the offsets of its class; nil where
/// the file ends before.
struct ELFFields {
  private let bytes: [UInt8]
  private let start: Int
  private let is64: Bool

  /// - Parameter start: Where the header begins in `bytes`.
  init(_ bytes: [UInt8], at start: Int = 0, is64: Bool) {
    self.bytes = bytes
    self.start = start
    self.is64 = is64
  }

  /// A field that is at the same place in both classes.
  func half(_ offset: Int) -> UInt16? { bytes.littleEndian(UInt16.self, at: start + offset) }

  func half(_ offset32: Int, _ offset64: Int) -> UInt16? { half(is64 ? offset64 : offset32) }

  /// A field that is at the same place in both classes.
  func word(_ offset: Int) -> UInt32? { bytes.littleEndian(UInt32.self, at: start + offset) }

  func word(_ offset32: Int, _ offset64: Int) -> UInt32? { word(is64 ? offset64 : offset32) }

  /// A field with the size of an address.
  func address(_ offset32: Int, _ offset64: Int) -> UInt64? {
    is64
      ? bytes.littleEndian(UInt64.self, at: start + offset64)
      : word(offset32).map(UInt64.init)
  }
}
