/// All registers of a VGA but its DAC: pure, with the time given to it.
///
/// After the IBM VGA's technical reference and FreeVGA. Ports 0x3D4, 0x3D5 and 0x3DA are at 0x3B4,
/// 0x3B5 and 0x3BA instead while the miscellaneous output register asks for a monochrome adapter's
/// addresses.
public struct VGARegisters: Sendable {
  public var sequencer = VGASequencer()
  public var crtc = VGACRTC()
  public var graphics = VGAGraphicsController()
  public var attribute = VGAAttributeController()
  private var miscellaneousOutput: UInt8 = 0
  private var featureControl: UInt8 = 0
  private var isEnabled: UInt8 = 1

  /// Registers that are all 0.
  public init() {}

  /// Programs a mode.
  mutating func load(_ parameters: VGAModeParameters) {
    miscellaneousOutput = parameters.miscellaneousOutput
    for (register, value) in parameters.sequencer.enumerated() {
      sequencer.write(register, value)
    }
    crtc.load(parameters.crtc)
    for (register, value) in parameters.graphics.enumerated() { graphics.write(register, value) }
    attribute.setPaletteInUse(false)
    attribute.resetFlipFlop()
    for (register, value) in parameters.attribute.enumerated() { attribute.write(register, value) }
    attribute.setPaletteInUse(true)
  }

  /// Reads a port.
  ///
  /// - Parameter now: Nanoseconds; what the retrace's bits follow.
  public mutating func read(port: UInt16, at now: UInt64) -> UInt8 {
    switch port {
    case 0x3C0: return attribute.index
    case 0x3C1: return attribute.data
    // Input status 0: a colour monitor answers the switch sense.
    case 0x3C2: return 0x10
    case 0x3C3: return isEnabled
    case 0x3C4: return sequencer.index
    case 0x3C5: return sequencer.data
    case 0x3CA: return featureControl
    case 0x3CC: return miscellaneousOutput
    case 0x3CE: return graphics.index
    case 0x3CF: return graphics.data
    default: break
    }
    switch Moved(port, isColor: isColor) {
    case .index: return crtc.index
    case .data: return crtc.data
    case .status:
      attribute.resetFlipFlop()
      return inputStatus1(at: now)
    case nil: return 0xFF
    }
  }

  /// Writes a port.
  public mutating func write(port: UInt16, _ value: UInt8) {
    switch port {
    case 0x3C0: attribute.write(value)
    case 0x3C2: miscellaneousOutput = value & 0xEF
    case 0x3C3: isEnabled = value & 1
    case 0x3C4: sequencer.index = value
    case 0x3C5: sequencer.writeData(value)
    case 0x3CE: graphics.index = value
    case 0x3CF: graphics.writeData(value)
    default:
      switch Moved(port, isColor: isColor) {
      case .index: crtc.index = value
      case .data: crtc.writeData(value)
      case .status: featureControl = value & 0x0B
      case nil: break
      }
    }
  }

  /// The ports that are at 0x3Dx for a colour monitor and at 0x3Bx for another.
  private enum Moved {
    case index, data, status

    init?(_ port: UInt16, isColor: Bool) {
      guard port & 0xFFF0 == (isColor ? 0x3D0 : 0x3B0) else { return nil }
      switch port & 0xF {
      case 0x4: self = .index
      case 0x5: self = .data
      case 0xA: self = .status
      default: return nil
      }
    }
  }

  private var isColor: Bool { miscellaneousOutput & 1 != 0 }
}

// MARK: - The beam

extension VGARegisters {
  /// Input status 1: where the beam is. Bit 0 is set while it is not in the picture, and bit 3 from
  /// the start of the vertical retrace to the end of the frame.
  ///
  /// On the chip bit 3 is set for two scanlines, 64 us, which a guest that polls by way of exits would
  /// often miss and then wait for the next: so here it lasts as long as the border below and above.
  private func inputStatus1(at now: UInt64) -> UInt8 {
    let dotsPerCharacter = sequencer.hasEightDots ? 8 : 9
    let dotsPerLine =
      crtc.charactersPerLine * dotsPerCharacter * (sequencer.hasHalfDotClock ? 2 : 1)
    let dot = Int(beamDots(at: now) % UInt64(dotsPerLine * crtc.scanlines))
    let (line, column) = dot.quotientAndRemainder(dividingBy: dotsPerLine)
    let isVisible =
      line < crtc.visibleScanlines
      && column * crtc.charactersPerLine < crtc.visibleCharacters * dotsPerLine
    return (isVisible ? 0 : 0x01) | (line >= crtc.retraceStart ? 0x08 : 0)
  }

  /// Dots since some moment, by the dot clock that the miscellaneous output register selects.
  private func beamDots(at now: UInt64) -> UInt64 {
    let kilohertz: UInt64 = miscellaneousOutput >> 2 & 3 == 1 ? 28_322 : 25_175
    // Modulo a thousand seconds, so that the product fits.
    return now % 1_000_000_000_000 * kilohertz / 1_000_000
  }
}

// MARK: - The picture

extension VGARegisters {
  /// What the registers show.
  ///
  /// - Parameter fontGeneration: Copied into a ``VGATextState``.
  func picture(fontGeneration: UInt64) -> VGAPicture {
    let isBlank = sequencer.isScreenOff || !attribute.isPaletteInUse
    guard graphics.isGraphics else { return .text(text(fontGeneration, isBlank)) }
    if let packed = packed(isBlank) { return .packed(packed) }
    // A pixel of 256 colours takes two dots.
    let has256 = graphics.has256Colors
    let width = crtc.visibleCharacters * (has256 ? 4 : 8)
    let height = scanlines(ofRows: crtc.scanlinesPerRow)
    guard has256, sequencer.isChained else {
      return .unsupported(
        UnsupportedVGAMode(width: width, height: height, layout: has256 ? .unchained : .planar))
    }
    return .graphics(
      VGAGraphicsState(
        width: width, height: height, stride: max(crtc.offset * 8, width),
        startOffset: crtc.startAddress * 4 & 0xFFFF, isBlank: isBlank))
  }

  /// Visible rows of so many scanlines each; at least 1.
  private func scanlines(ofRows height: Int) -> Int {
    max(1, crtc.visibleScanlines / (height * (crtc.isDoubled ? 2 : 1)))
  }

  /// What is shown as on a CGA, from plane 0 alone, or from planes 0 and 1, in whose even and odd
  /// addresses the CPU's alternate; nil for other modes.
  private func packed(_ isBlank: Bool) -> VGAPackedState? {
    let showsOnePlane = attribute.planes == 1 && sequencer.writtenPlanes == 1
    guard !graphics.has256Colors, crtc.hasCGABanks, graphics.isInterleaved || showsOnePlane
    else { return nil }
    let bitsPerPixel = graphics.isInterleaved ? 2 : 1
    return VGAPackedState(
      width: crtc.visibleCharacters * 8,
      height: scanlines(ofRows: max(1, crtc.scanlinesPerRow / 2)), bitsPerPixel: bitsPerPixel,
      windowOffset: graphics.window.lowerBound, startOffset: crtc.startAddress * crtc.addressSize,
      stride: crtc.offset * 2 * crtc.addressSize,
      dacIndices: (0..<1 << bitsPerPixel).map { attribute.dacIndex(of: $0) }, isBlank: isBlank)
  }

  private func text(_ fontGeneration: UInt64, _ isBlank: Bool) -> VGATextState {
    let window = graphics.window
    return VGATextState(
      columns: crtc.visibleCharacters, height: scanlines(ofRows: 1),
      cellWidth: sequencer.hasEightDots ? 8 : 9, cellHeight: crtc.scanlinesPerRow,
      window: window, startAddress: crtc.startAddress, stride: crtc.offset * 2,
      cursorLocation: crtc.cursorLocation, cursorLines: crtc.cursorLines,
      blinks: attribute.blinks, joinsLineGraphics: attribute.joinsLineGraphics,
      dacIndices: (0..<16).map { attribute.dacIndex(of: $0) }, fontGeneration: fontGeneration,
      isBlank: isBlank)
  }
}
