/// The command line: words separated by spaces, `key=number` or plain.
@safe struct CommandLine {
  private let bytes: UnsafePointer<UInt8>?
  private let count: Int

  init(_ info: BootInfo) {
    unsafe bytes = UnsafePointer(bitPattern: UInt(info.commandLineAddress))
    count = Int(info.commandLineLength)
  }

  /// The decimal number of the first word `key=number`, or nil if there is no such word. Digits end
  /// at the first other byte.
  func number(_ key: StaticString) -> UInt64? {
    guard let end = find(key), byte(end) == UInt8(ascii: "=") else { return nil }
    var value: UInt64?
    var position = end + 1
    while case let digit = byte(position) &- UInt8(ascii: "0"), digit < 10 {
      value = (value ?? 0) &* 10 &+ UInt64(digit)
      position += 1
    }
    return value
  }

  /// Whether `word` stands on the command line, with or without a number.
  func contains(_ word: StaticString) -> Bool {
    find(word) != nil
  }

  /// Where the first word that is `key`, or begins with `key=`, goes on after `key`.
  private func find(_ key: StaticString) -> Int? {
    var start = 0
    while start < count {
      if matches(key, at: start) { return start + key.utf8CodeUnitCount }
      while byte(start) != Self.space { start += 1 }
      start += 1
    }
    return nil
  }

  private func matches(_ key: StaticString, at start: Int) -> Bool {
    for offset in 0..<key.utf8CodeUnitCount {
      guard unsafe byte(start + offset) == key.utf8Start[offset] else { return false }
    }
    let end = byte(start + key.utf8CodeUnitCount)
    return end == Self.space || end == UInt8(ascii: "=")
  }

  /// A byte of the command line, and past its end a space.
  private func byte(_ position: Int) -> UInt8 {
    guard position < count, let bytes = unsafe bytes else { return Self.space }
    return unsafe bytes[position]
  }

  private static let space = UInt8(ascii: " ")
}
