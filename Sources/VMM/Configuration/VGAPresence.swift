/// Whether a machine has a VGA.
public enum VGAPresence: String, CaseIterable, Sendable {
  /// If the image's guests expect one (``BootImage/expectsVGA``).
  case auto
  case on
  case off

  /// Whether a machine that is started with `image` has one.
  public func isPresent(for image: BootImage) -> Bool {
    switch self {
    case .auto: image.expectsVGA
    case .on: true
    case .off: false
    }
  }
}
