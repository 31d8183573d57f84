/// COM1's transmitter, polled.
enum Serial {
  private static let transmitter: UInt16 = 0x3F8
  private static let fifoControl: UInt16 = 0x3FA
  private static let lineStatus: UInt16 = 0x3FD
  private static let transmitterEmpty: UInt8 = 0x20
  private static let fifoSize = 16

  /// Writes text and numbers, one after the other.
  static func print(_ text: StaticString) {
    unsafe write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  static func print(_ value: some BinaryInteger) {
    writeDigits(UInt64(value), radix: 10, minimum: 1)
  }

  static func print(hex value: some BinaryInteger, digits: Int = 1) {
    print("0x")
    writeDigits(UInt64(value), radix: 16, minimum: digits)
  }

  /// Sends as many bytes at a time as the transmit FIFO takes when it is empty. Switching the FIFOs
  /// on where they already are changes nothing.
  private static func write(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard var next = bytes.baseAddress else { return }
    portWrite8(fifoControl, 1)
    var left = bytes.count
    while left > 0 {
      while portRead8(lineStatus) & transmitterEmpty == 0 { relax() }
      let burst = min(left, fifoSize)
      unsafe portWriteBytes(transmitter, next, burst)
      unsafe next += burst
      left -= burst
    }
  }

  private static func writeDigits(_ value: UInt64, radix: UInt64, minimum: Int) {
    let digits: StaticString = "0123456789abcdef"
    var text = InlineArray<20, UInt8>(repeating: 0)
    var first = text.count
    var rest = value
    while rest > 0 || text.count - first < minimum {
      first -= 1
      text[first] = unsafe digits.utf8Start[Int(rest % radix)]
      rest /= radix
    }
    unsafe text.span.extracting(first...).withUnsafeBufferPointer { unsafe write($0) }
  }
}
