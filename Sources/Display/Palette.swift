/// A colour with 8 bits per channel.
public struct RGB: Hashable, Sendable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}

/// The 256 colours that the pixels of ``PixelFormat/indexed8`` select.
///
/// Copies share their storage until one of them is changed, so a palette can be handed to
/// ``FrameTracker/setMode(_:palette:)`` at every tick.
public struct Palette: Equatable, Sendable {
  private(set) var colors: [RGB]

  /// All entries black, as the DAC of a VGA is after reset.
  public init() {
    self.init { _ in RGB(red: 0, green: 0, blue: 0) }
  }

  /// A palette of `color(0)` to `color(255)`.
  public init(_ color: (UInt8) -> RGB) {
    colors = (UInt8.min...UInt8.max).map(color)
  }

  /// The colour of pixels of the value `index`.
  public subscript(index: UInt8) -> RGB {
    get { colors[Int(index)] }
    set { colors[Int(index)] = newValue }
  }
}
