import Testing

@testable import VMM

@Suite("Little-endian bytes")
struct LittleEndianBytesTests {
  private static let bytes: [UInt8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFF]

  @Test("a number has at most eight bytes")
  func number() {
    #expect(Self.bytes.littleEndian == 0xEFCD_AB89_6745_2301)
    #expect(Self.bytes[1..<4].littleEndian == 0x67_4523)
    #expect([UInt8]().littleEndian == 0)
  }

  @Test("a value is there only with all of its bytes")
  func value() {
    #expect(Self.bytes.littleEndian(UInt16.self, at: 7) == 0xFFEF)
    #expect(Self.bytes.littleEndian(UInt16.self, at: 8) == nil)
    #expect(Self.bytes.littleEndian(UInt16.self, at: -1) == nil)
    #expect(Self.bytes.littleEndian(UInt64.self, at: 1) == 0xFFEF_CDAB_8967_4523)
    #expect(Self.bytes.littleEndian(UInt64.self, at: .max) == nil)
  }

  @Test("to bytes and back")
  func inverse() {
    #expect(Self.bytes.littleEndian.littleEndianBytes(8) == Array(Self.bytes.prefix(8)))
    #expect(UInt64(0x1234).littleEndianBytes(1) == [0x34])
  }
}
