/// A few 64-bit instructions at CPL 0, put together by hand.
struct GuestCode {
  private(set) var bytes: [UInt8] = []

  init(_ build: (inout GuestCode) -> Void) { build(&self) }

  mutating func append(_ bytes: [UInt8]) { self.bytes += bytes }

  /// `out %al, %dx`
  mutating func out8(_ port: UInt16, _ value: UInt8) {
    loadDX(port)
    bytes += [0xB0, value, 0xEE]
  }

  /// `outw %ax, %dx`
  mutating func out16(_ port: UInt16, _ value: UInt16) {
    loadDX(port)
    bytes += [0x66, 0xB8] + little(value) + [0x66, 0xEF]
  }

  /// `outl %eax, %dx`
  mutating func out32(_ port: UInt16, _ value: UInt32) {
    loadDX(port)
    bytes += [0xB8] + little(value) + [0xEF]
  }

  /// Reads `size` bytes (1, 2 or 4) from `port`, the rest of EAX being 0, to the word at `address`.
  mutating func `in`(_ port: UInt16, size: Int, to address: UInt64) {
    loadDX(port)
    bytes += [0x31, 0xC0]  // xorl %eax, %eax
    switch size {
    case 1: bytes += [0xEC]
    case 2: bytes += [0x66, 0xED]
    default: bytes += [0xED]
    }
    storeEAX(address)
  }

  /// `movl $value, address`
  mutating func store32(_ value: UInt32, at address: UInt64) {
    bytes += [0xB8] + little(value)
    storeEAX(address)
  }

  /// Copies the word at `source` to `destination`.
  mutating func copy32(from source: UInt64, to destination: UInt64) {
    bytes += [0xA1] + little(source)  // movabsl source, %eax
    storeEAX(destination)
  }

  /// A register of the Bochs display.
  mutating func dispi(_ index: UInt16, _ value: UInt16) {
    out16(0x1CE, index)
    out16(0x1CF, value)
  }

  /// Sends `text` over COM1.
  mutating func print(_ text: String) {
    for byte in text.utf8 { out8(0x3F8, byte) }
  }

  /// Waits for a byte on COM1 and takes it.
  mutating func waitForInput() {
    loadDX(0x3FD)
    bytes += [0xEC, 0xA8, 0x01, 0x74, 0xFB]  // 1: inb %dx, %al; testb $1, %al; jz 1b
    loadDX(0x3F8)
    bytes += [0xEC]  // inb %dx, %al
  }

  /// `cli; hlt`
  mutating func halt() { bytes += [0xFA, 0xF4] }

  /// `jmp .`
  mutating func spin() { bytes += [0xEB, 0xFE] }

  private mutating func loadDX(_ port: UInt16) { bytes += [0x66, 0xBA] + little(port) }

  private mutating func storeEAX(_ address: UInt64) { bytes += [0xA3] + little(address) }
}

/// The bytes of `value`, the lowest first.
func little(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

extension [UInt8] {
  /// The little-endian value at `offset`.
  func word<Value: FixedWidthInteger>(at offset: Int, as _: Value.Type = Value.self) -> Value {
    var value: Value = 0
    for index in 0..<Value.bitWidth / 8 {
      value |= Value(truncatingIfNeeded: self[offset + index]) << (8 * index)
    }
    return value
  }
}
