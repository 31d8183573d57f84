import ArgumentParser
import SystemPackage
import VMM

/// Which image, and how it is entered.
struct ImageOptions: ParsableArguments {
  @Argument(help: "The image: a flat image, a boot sector, an ELF file, a kernel.")
  var image: String

  @Option(
    help: ArgumentHelp(
      "The processor mode of entry: real, protected or long.",
      discussion: """
        Of a flat image, an ELF file or a Linux kernel. Default: real for a boot sector and for a \
        kernel without another entry, protected for a 32-bit ELF file, else long.
        """))
  var mode: CPUMode?

  @Option(
    help: ArgumentHelp(
      "Where a flat image is loaded, a multiple of 16 below 4 GiB.",
      discussion: "Default: 0x7C00 in real mode, else 0x100000.", valueName: "address"),
    transform: GuestAddress.init(argument:))
  var loadAddress: GuestAddress?

  @Option(
    help: ArgumentHelp(
      "The first instruction.",
      discussion: "Default: the load address of a flat image, the entry of an ELF file.",
      valueName: "address"),
    transform: GuestAddress.init(argument:))
  var entry: GuestAddress?

  @Flag(
    help: ArgumentHelp(
      "Let the guest write to the disk image that it was started from.",
      discussion: "Otherwise what it writes is kept in memory, and gone in the end."))
  var writable = false

  @Option(
    help: ArgumentHelp(
      "A file for a Multiboot kernel, with what it is told about it; repeatable.",
      discussion: "Without text the kernel is told the name of the file.",
      valueName: "file[=text]"))
  var module: [String] = []

  @Option(
    help: ArgumentHelp(
      "The initial RAM disk of a Linux kernel; the module of a PVH one.", valueName: "file"))
  var initrd: String?

  @Option(
    help: ArgumentHelp(
      "RAM of the guest, 2M to 64G.",
      discussion: "Default: 512M for a Linux or a PVH kernel, 128M for a Multiboot one, else 64M.",
      valueName: "size"),
    transform: ByteCount.init(argument:))
  var memory: ByteCount?

  /// The image as the options say that it is to be booted; opens its modules.
  func bootOptions(_ format: ImageFormat?) throws(VMMError) -> BootOptions {
    var options = BootOptions()
    options.format = format
    if let initrd { options.initrd = try ImageFile(path: FilePath(initrd), role: .initrd) }
    options.mode = mode
    options.loadAddress = loadAddress
    options.entry = entry
    for argument in module {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      options.modules.append(
        BootModule(
          try ImageFile(path: FilePath(String(parts[0]))),
          arguments: parts.count > 1 ? String(parts[1]) : nil))
    }
    options.isDiskWritable = writable
    return options
  }

  /// Opens the image and checks that a machine with this memory can be started with it.
  ///
  /// - Parameter format: What it is; nil for what its content says.
  func load(as format: ImageFormat?) throws(VMMError) -> (image: BootImage, memorySize: UInt64) {
    try load(ImageFile(path: FilePath(image)), as: format)
  }

  /// Checks that a machine with this memory can be started with `file`.
  func load(
    _ file: ImageFile, as format: ImageFormat?
  ) throws(VMMError) -> (image: BootImage, memorySize: UInt64) {
    if let memory { try MachineConfiguration.validate(memorySize: memory.bytes) }
    let image = try BootImage(file, options: bootOptions(format))
    let memorySize = memory?.bytes ?? image.recommendedMemorySize
    try image.validate(memorySize: memorySize)
    return (image, memorySize)
  }
}
