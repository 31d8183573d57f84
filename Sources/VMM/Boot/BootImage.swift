/// What a machine can be started with: an image with all that its boot protocol asks for, checked as far
/// as that goes without KVM.
public enum BootImage: Sendable, CustomStringConvertible {
  /// Raw code and data, or a boot sector without a BIOS.
  case flat(FlatImage)
  /// An ELF executable in the flat entry state.
  case elf(ELFImage)

  /// Takes `file` for what its content says, or for what `options` say.
  ///
  /// - Throws: A ``VMMError``: of the kind `image` if it cannot be that, of the kind `usage` if an
  ///   option does not go with it.
  public init(_ file: ImageFile, options: BootOptions = BootOptions()) throws(VMMError) {
    guard let format = options.format ?? file.kind.format else {
      throw VMMError(
        .image,
        "image \(file.name): is \(article(file.kind.summary)), nothing that can be booted; "
          + (file.kind.remedy ?? "choose a --format"))
    }
    switch format {
    case .flat, .boot:
      let isBootSector = format == .boot || options.format == nil && file.kind == .bootSector
      self = .flat(
        try FlatImage(
          raw: file, mode: options.mode ?? (isBootSector ? .real : nil),
          loadAddress: options.loadAddress, entry: options.entry))
    case .elf:
      try options.refuseLoadAddress(for: format, file)
      self = .elf(try ELFImage(file, mode: options.mode, entry: options.entry))
    case .com, .multiboot, .multiboot2, .linux, .pvh:
      throw VMMError(
        .image,
        "image \(file.name): is \(article(format.summary)), which scanline does not start; make a flat "
          + "image of it")
    }
  }

  /// The file that names it in messages.
  public var file: ImageFile {
    switch self {
    case .flat(let image): image.file
    case .elf(let image): image.elf.file
    }
  }

  /// How it is loaded and entered.
  public var format: ImageFormat {
    switch self {
    case .flat(let image): image.mode == .real && image.file.kind == .bootSector ? .boot : .flat
    case .elf: .elf
    }
  }

  /// What it was taken for, in words.
  public var description: String {
    switch self {
    case .flat: format.summary
    case .elf(let image): "ELF executable (\(image.elf.bits)-bit)"
    }
  }

  /// The mode and the address of its first instruction.
  public var entry: (mode: CPUMode, address: GuestAddress) {
    switch self {
    case .flat(let image): (image.mode, image.entry)
    case .elf(let image): (image.mode, image.entry)
    }
  }

  /// What is loaded from the file, by rising address: first and last byte in guest physical memory.
  public var loadedRanges: [ClosedRange<GuestAddress>] {
    switch self {
    case .flat(let image): [image.loadAddress...image.lastAddress]
    case .elf(let image): image.elf.loadedRanges
    }
  }

  /// Checks that the image fits in `memorySize` bytes of RAM and overlaps nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    switch self {
    case .flat(let image): try image.validate(memorySize: memorySize)
    case .elf(let image): try image.validate(memorySize: memorySize)
    }
  }

  /// What brings it into a machine with `memorySize` bytes of RAM, which it has been validated for.
  func loader(memorySize: UInt64) throws(VMMError) -> any BootLoader {
    switch self {
    case .flat(let image): EntryState(image: image)
    case .elf(let image): EntryState(image: image)
    }
  }
}

extension BootOptions {
  /// Refuses a load address for a format that has its own.
  func refuseLoadAddress(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    guard let loadAddress else { return }
    throw VMMError(
      .usage,
      "load address \(loadAddress): image \(file.name) is \(article(format.summary)) and says where it "
        + "is loaded; leave out --load-address")
  }

  /// Refuses what only a flat entry state has a choice of.
  func refuseEntryState(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    try refuseLoadAddress(for: format, file)
    let option = mode.map { "mode \($0.rawValue)" } ?? entry.map { "entry \($0)" }
    guard let option else { return }
    throw VMMError(
      .usage,
      "\(option): image \(file.name) is \(article(format.summary)), whose boot protocol says how it is "
        + "entered; leave the option out, or choose another --format")
  }
}

/// `noun` with its indefinite article.
func article(_ noun: String) -> String {
  ("AEIOU".contains(noun.prefix(1)) ? "an " : "a ") + noun
}
