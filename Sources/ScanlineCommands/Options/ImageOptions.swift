import ArgumentParser
import SystemPackage
import VMM

/// Which image, and how it is entered.
struct ImageOptions: ParsableArguments {
  @Argument(help: "The flat image or boot sector.")
  var image: String

  @Option(
    help: ArgumentHelp(
      "The processor mode of entry: real, protected or long.",
      discussion: "Default: real for a boot sector (512 bytes that end in 55 AA), else long."))
  var mode: CPUMode?

  @Option(
    help: ArgumentHelp(
      "Where the image is loaded, a multiple of 16 below 4 GiB.",
      discussion: "Default: 0x7C00 in real mode, else 0x100000.", valueName: "address"),
    transform: GuestAddress.init(argument:))
  var loadAddress: GuestAddress?

  @Option(
    help: ArgumentHelp(
      "The first instruction.", discussion: "Default: the load address.", valueName: "address"),
    transform: GuestAddress.init(argument:))
  var entry: GuestAddress?

  @Option(
    help: ArgumentHelp("RAM of the guest, 2M to 64G (default: 64M).", valueName: "size"),
    transform: ByteCount.init(argument:))
  var memory = ByteCount(bytes: 64 << 20)

  /// Opens the image and checks that a machine with this memory can be started with it.
  func load() throws(VMMError) -> FlatImage {
    try MachineConfiguration.validate(memorySize: memory.bytes)
    let image = try FlatImage(
      ImageFile(path: FilePath(image)), mode: mode, loadAddress: loadAddress, entry: entry)
    try image.validate(memorySize: memory.bytes)
    return image
  }
}
