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

  /// Checks that the VGA's memory does not lie where `image` is loaded.
  func validate(_ image: BootImage) throws(VMMError) {
    guard isPresent(for: image) else { return }
    for range in image.loadedRanges
    where range.lowerBound < MemoryMap.vgaWindowEnd && range.upperBound >= MemoryMap.vgaWindow {
      throw VMMError(
        .image,
        "image \(image.file.name): at \(range.lowerBound) to \(range.upperBound) it overlaps the "
          + "VGA's memory at \(MemoryMap.vgaWindow); choose another --load-address, or --vga off")
    }
  }
}
