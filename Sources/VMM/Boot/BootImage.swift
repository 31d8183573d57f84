/// What a machine can be started with: an image with all that its boot protocol asks for, checked as far
/// as that goes without KVM.
public enum BootImage: Sendable {
  /// Raw code and data, or a boot sector without a BIOS.
  case flat(FlatImage)

  /// The file that names it in messages.
  public var file: ImageFile {
    switch self {
    case .flat(let image): image.file
    }
  }

  /// Checks that the image fits in `memorySize` bytes of RAM and overlaps nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    switch self {
    case .flat(let image): try image.validate(memorySize: memorySize)
    }
  }

  var loader: any BootLoader {
    switch self {
    case .flat(let image): EntryState(image: image)
    }
  }
}
