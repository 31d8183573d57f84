import Devices

extension VGA {
  /// A VGA on a card of its own, by a clock that tests let pass.
  convenience init(
    _ mode: VGAMode = .text80x25, time: FakeTime = FakeTime(),
    onChange: @escaping @Sendable () -> Void = {}
  ) {
    self.init(
      display: BochsDisplay(videoMemorySize: 0), initialMode: mode, clock: time.clock.now,
      onChange: onChange)
  }

  func out(_ port: UInt16, _ value: UInt8) { write(port: port, size: 1, value: UInt32(value)) }

  func `in`(_ port: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: read(port: port, size: 1)) }

  /// Writes a register behind an index port, by two bytes.
  func set(_ port: UInt16, _ index: UInt8, _ value: UInt8) {
    out(port, index)
    out(port + 1, value)
  }

  func get(_ port: UInt16, _ index: UInt8) -> UInt8 {
    out(port, index)
    return `in`(port + 1)
  }

  /// Writes a register of the attribute controller, with the picture off meanwhile.
  func setAttribute(_ index: UInt8, _ value: UInt8) {
    _ = `in`(0x3DA)
    out(0x3C0, index)
    out(0x3C0, value)
    out(0x3C0, 0x20)
  }

  var text: VGATextState? {
    if case .text(let state) = picture() { state } else { nil }
  }

  var graphics: VGAGraphicsState? {
    if case .graphics(let state) = picture() { state } else { nil }
  }

  var packed: VGAPackedState? {
    if case .packed(let state) = picture() { state } else { nil }
  }

  var unsupported: UnsupportedVGAMode? {
    if case .unsupported(let mode) = picture() { mode } else { nil }
  }
}
