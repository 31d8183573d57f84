import KVM

/// The x87 and SSE registers in an XSAVE area: its first 512 bytes and its header.
///
/// Intel SDM volume 1, section 13.4.
struct ExtendedState: Equatable {
  var area: XSAVEArea

  /// Word indices.
  private enum Word {
    static let control = 0
    static let tag = 1
    static let instruction = 2
    static let mxcsr = 6
    static let mxcsrMask = 7
    static let x87Registers = 8
    static let xmmRegisters = 40
    /// XSTATE_BV, low half.
    static let components = 128
  }

  /// Components of XSTATE_BV.
  private static let x87: UInt32 = 1 << 0
  private static let sse: UInt32 = 1 << 1

  /// What FNINIT leaves in the control word.
  static let initialControl: UInt16 = 0x37F
  /// MXCSR after a reset.
  static let initialMXCSR: UInt32 = 0x1F80

  /// nil for an area that lacks them.
  init?(_ area: XSAVEArea) {
    guard area.words.count > Word.components else { return nil }
    self.area = area
  }

  /// Which components are not in their initial state, of those in the low half of XCR0.
  var componentsInUse: UInt32 {
    get { area.words[Word.components] }
    set { area.words[Word.components] = newValue }
  }

  private mutating func noteUse(_ component: UInt32) {
    area.words[Word.components] |= component
  }

  // MARK: The area's bytes

  /// Bytes of the area, whose bounds are multiples of 4; zeros beyond its end.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    (range.lowerBound / 4..<range.upperBound / 4).flatMap { index in
      UInt64(area.words.indices.contains(index) ? area.words[index] : 0).littleEndianBytes(4)
    }
  }

  /// Replaces bytes of the area from `offset` on, both multiples of 4; what lies beyond its end is
  /// dropped.
  mutating func replace(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    for (index, start) in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).enumerated()
    where area.words.indices.contains(offset / 4 + index) {
      area.words[offset / 4 + index] = UInt32(
        truncatingIfNeeded: bytes[start..<min(start + 4, bytes.endIndex)].littleEndian)
    }
  }

  /// The first 24 bytes as XSAVE stores them: without REX.W the addresses of the last instruction and
  /// operand have 32 bits.
  func x87Header(isWide: Bool) -> [UInt8] {
    var header = bytes(0..<24)
    guard !isWide else { return header }
    for index in [12, 13, 14, 15, 20, 21, 22, 23] { header[index] = 0 }
    return header
  }

  // MARK: x87

  var control: UInt16 {
    get { UInt16(truncatingIfNeeded: area.words[Word.control]) }
    set {
      noteUse(Self.x87)
      area.words[Word.control] = area.words[Word.control] & 0xFFFF_0000 | UInt32(newValue)
    }
  }

  var status: UInt16 {
    get { UInt16(truncatingIfNeeded: area.words[Word.control] >> 16) }
    set {
      noteUse(Self.x87)
      area.words[Word.control] = area.words[Word.control] & 0xFFFF | UInt32(newValue) << 16
    }
  }

  /// One bit for each physical register that is not empty.
  var tags: UInt8 {
    get { UInt8(truncatingIfNeeded: area.words[Word.tag]) }
    set {
      noteUse(Self.x87)
      area.words[Word.tag] = area.words[Word.tag] & 0xFFFF_FF00 | UInt32(newValue)
    }
  }

  /// TOP. Set, it leaves the physical registers as they are, which are then other ones of the stack.
  var top: Int {
    get { Int(status >> 11 & 7) }
    set {
      let distance = 4 * ((newValue &- top) & 7)
      guard distance != 0 else { return }
      let first = Word.x87Registers
      let registers = Array(area.words[first..<first + 32])
      for word in 0..<32 { area.words[first + word] = registers[(word + distance) % 32] }
      status = status & ~(7 << 11) | UInt16(newValue & 7) << 11
    }
  }

  /// Register ST(`index`), 0 to 7: the significand, and sign and exponent.
  func st(_ index: Int) -> (significand: UInt64, exponent: UInt16) {
    let value = vector(at: Word.x87Registers + 4 * (index & 7))
    return (value.low, UInt16(truncatingIfNeeded: value.high))
  }

  /// Register ST(`index`), 0 to 7, from its ten bytes.
  mutating func setST(_ index: Int, _ bytes: [UInt8]) {
    noteUse(Self.x87)
    let (word, value) = (Word.x87Registers + 4 * (index & 7), Vector128(bytes))
    set(value.low, at: word)
    set(value.high, at: word + 2)
  }

  /// As FNINIT leaves it; the data registers keep what they hold.
  mutating func initializeX87() {
    noteUse(Self.x87)
    top = 0
    area.words[Word.control] = UInt32(Self.initialControl)
    // The tags and the last opcode, then the last instruction's and the last operand's address.
    for index in Word.tag..<Word.mxcsr { area.words[index] = 0 }
  }

  /// Of the last x87 instruction: its opcode's lower 11 bits, its address, and its operand's.
  struct Pointers: Equatable {
    var opcode: UInt16
    var instruction: UInt64
    var operand: UInt64
  }

  var pointers: Pointers {
    get {
      let addresses = vector(at: Word.instruction)
      return Pointers(
        opcode: UInt16(truncatingIfNeeded: area.words[Word.tag] >> 16),
        instruction: addresses.low, operand: addresses.high)
    }
    set {
      area.words[Word.tag] = area.words[Word.tag] & 0xFFFF | UInt32(newValue.opcode) << 16
      set(newValue.instruction, at: Word.instruction)
      set(newValue.operand, at: Word.instruction + 2)
    }
  }

  // MARK: MXCSR

  var mxcsr: UInt32 {
    get { area.words[Word.mxcsr] }
    set {
      noteUse(Self.sse)
      area.words[Word.mxcsr] = newValue
    }
  }

  /// Bits that MXCSR may have. Intel SDM volume 1, section 11.6.6.
  var mxcsrMask: UInt32 {
    let mask = area.words[Word.mxcsrMask]
    return mask == 0 ? 0xFFBF : mask
  }

  // MARK: Vector registers

  /// Register XMM `index`, 0 to 15.
  func xmm(_ index: Int) -> Vector128 { vector(at: Word.xmmRegisters + 4 * (index & 15)) }

  mutating func setXMM(_ index: Int, _ value: Vector128) {
    noteUse(Self.sse)
    set(value.low, at: Word.xmmRegisters + 4 * (index & 15))
    set(value.high, at: Word.xmmRegisters + 4 * (index & 15) + 2)
  }

  /// Register MM `index`, 0 to 7.
  func mmx(_ index: Int) -> UInt64 { vector(at: mmxWord(index)).low }

  /// Writes register MM `index`; the ten-byte register becomes a NaN.
  mutating func setMMX(_ index: Int, _ value: UInt64) {
    noteUse(Self.x87)
    let word = mmxWord(index)
    set(value, at: word)
    area.words[word + 2] = area.words[word + 2] & 0xFFFF_0000 | 0xFFFF
  }

  /// What every MMX instruction does to the x87: all registers valid, TOP 0. EMMS then empties them.
  /// Intel SDM volume 3, table 12-2.
  mutating func enterMMX() {
    top = 0
    tags = 0xFF
  }

  /// The area has the registers by their distance from TOP, and MM registers are physical ones.
  private func mmxWord(_ index: Int) -> Int { Word.x87Registers + 4 * ((index &- top) & 7) }

  private func vector(at word: Int) -> Vector128 {
    Vector128(
      low: UInt64(area.words[word]) | UInt64(area.words[word + 1]) << 32,
      high: UInt64(area.words[word + 2]) | UInt64(area.words[word + 3]) << 32)
  }

  private mutating func set(_ value: UInt64, at word: Int) {
    area.words[word] = UInt32(truncatingIfNeeded: value)
    area.words[word + 1] = UInt32(truncatingIfNeeded: value >> 32)
  }
}

/// What an XMM register holds.
struct Vector128: Equatable {
  var low: UInt64
  var high: UInt64 = 0

  init(low: UInt64, high: UInt64 = 0) {
    self.low = low
    self.high = high
  }

  /// From up to 16 bytes; the rest is zero.
  init(_ bytes: [UInt8]) {
    low = bytes.littleEndian
    high = bytes.dropFirst(8).littleEndian
  }

  /// The first `count` bytes.
  func bytes(_ count: Int = 16) -> [UInt8] {
    Array((low.littleEndianBytes(8) + high.littleEndianBytes(8)).prefix(count))
  }
}
