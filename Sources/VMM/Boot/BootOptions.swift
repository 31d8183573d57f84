/// What a user says about how an image is to be booted.
public struct BootOptions: Sendable {
  /// nil for what the content says (``ImageKind``).
  public var format: ImageFormat?
  /// The mode of entry; nil for the format's. Only for images whose format leaves the choice.
  public var mode: CPUMode?
  /// Where a flat image is loaded; nil for the mode's default.
  public var loadAddress: GuestAddress?
  /// The first instruction; nil for the image's own.
  public var entry: GuestAddress?
  /// The initial RAM disk of a Linux kernel, or the module of a PVH kernel; nil for none.
  public var initrd: ImageFile?
  /// Whether what the guest writes to the disk that it was started from goes to the file.
  public var isDiskWritable = false

  /// Files beside a Multiboot kernel, in the order in which it finds them.
  public var modules: [BootModule] = []

  public init() {}
}
