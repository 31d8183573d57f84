/// Counter 0 of the 8254, which is IRQ 0.
enum PIT {
  /// Counts in a second.
  static let frequency: UInt64 = 1_193_182
  private static let counter0: UInt16 = 0x40
  private static let control: UInt16 = 0x43

  /// Mode 2, rate generator: an interrupt every `reload` counts.
  static func startRateGenerator(reload: UInt16) {
    portWrite8(control, 0x34)  // counter 0, low byte then high byte, mode 2, binary
    portWrite8(counter0, UInt8(truncatingIfNeeded: reload))
    portWrite8(counter0, UInt8(truncatingIfNeeded: reload >> 8))
  }

  /// Mode 0, which counts once: stops the rate generator. With no count written it does not begin.
  static func stop() {
    portWrite8(control, 0x30)
  }

  /// The counter now, latched so that its two bytes belong together.
  static var count: UInt16 {
    portWrite8(control, 0x00)
    let low = portRead8(counter0)
    return UInt16(portRead8(counter0)) << 8 | UInt16(low)
  }
}
