/// What a machine can be started with: an image with all that its boot protocol asks for, checked as far
/// as that goes without KVM.
public enum BootImage: Sendable, CustomStringConvertible {
  /// Raw code and data, or a boot sector without a BIOS.
  case flat(FlatImage)
  /// An ELF executable in the flat entry state.
  case elf(ELFImage)
  /// A kernel by version 1 or 2 of Multiboot.
  case multiboot(MultibootImage)
  /// A Linux kernel by the Linux/x86 boot protocol.
  case linux(LinuxImage)
  /// An ELF kernel by Xen's PVH boot protocol.
  case pvh(PVHImage)
  /// A disk with a boot sector, a `.COM` program, or a kernel in real mode, with BIOS services.
  case bios(BIOSImage)

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
    if format != .multiboot, format != .multiboot2 { try options.refuseModules(for: format, file) }
    try options.refuseInitrd(for: format, file)
    try options.refuseWritableDisk(for: format, file)
    switch format {
    case .boot where options.format == nil && options.choosesEntryState:
      self = .flat(
        try FlatImage(
          raw: file, mode: options.mode ?? .real, loadAddress: options.loadAddress,
          entry: options.entry))
    case .com where options.format == nil && options.choosesEntryState:
      self = .flat(
        try FlatImage(
          raw: file, mode: options.mode, loadAddress: options.loadAddress, entry: options.entry))
    case .boot:
      try options.refuseEntryState(for: format, file)
      self = .bios(try BIOSImage(disk: file, isWritable: options.isDiskWritable))
    case .com:
      try options.refuseEntryState(for: format, file)
      self = .bios(try BIOSImage(program: file))
    case .flat:
      self = .flat(
        try FlatImage(
          raw: file, mode: options.mode, loadAddress: options.loadAddress, entry: options.entry))
    case .elf:
      try options.refuseLoadAddress(for: format, file)
      self = .elf(try ELFImage(file, mode: options.mode, entry: options.entry))
    case .multiboot:
      try options.refuseEntryState(for: format, file)
      self = .multiboot(try MultibootImage(version1: file, modules: options.modules))
    case .multiboot2:
      try options.refuseEntryState(for: format, file)
      self = .multiboot(try MultibootImage(version2: file, modules: options.modules))
    case .linux:
      try options.refuseLoadAddress(for: format, file)
      try options.refuseEntry(for: format, file)
      let isReal: Bool
      if let mode = options.mode {
        isReal = mode == .real
      } else {
        isReal = try RealModeKernel.isOnlyEntry(of: file)
      }
      self =
        isReal
        ? .bios(try BIOSImage(kernel: file, initrd: options.initrd))
        : .linux(try LinuxImage(file, mode: options.mode, initrd: options.initrd))
    case .pvh:
      try options.refuseEntryState(for: format, file)
      self = .pvh(try PVHImage(file, initrd: options.initrd))
    }
  }

  /// The file that names it in messages.
  public var file: ImageFile {
    switch self {
    case .flat(let image): image.file
    case .elf(let image): image.elf.file
    case .multiboot(let image): image.file
    case .linux(let image): image.file
    case .pvh(let image): image.elf.file
    case .bios(let image): image.file
    }
  }

  /// How it is loaded and entered.
  public var format: ImageFormat {
    switch self {
    case .flat(let image): image.mode == .real && image.file.kind == .bootSector ? .boot : .flat
    case .elf: .elf
    case .multiboot(let image): image.version == .one ? .multiboot : .multiboot2
    case .linux: .linux
    case .pvh: .pvh
    case .bios(let image): image.format
    }
  }

  /// What it was taken for, in words.
  public var description: String {
    switch self {
    case .flat: format.summary
    case .elf(let image): "ELF executable (\(image.elf.bits)-bit)"
    case .multiboot(let image): "\(format.summary) (\(image.carrier))"
    case .linux, .pvh: format.summary
    case .bios(let image): image.summary
    }
  }

  /// The mode and the address of its first instruction, as linked.
  public var entry: (mode: CPUMode, address: GuestAddress) {
    switch self {
    case .flat(let image): (image.mode, image.entry)
    case .elf(let image): (image.mode, image.entry)
    case .multiboot(let image): (.protected, image.linkedEntry)
    case .linux(let image): (image.mode, image.entry)
    case .pvh(let image): (.protected, image.entry)
    case .bios(let image): (.real, image.entry)
    }
  }

  /// What is loaded from the file, by rising address: first and last byte in guest physical memory, as
  /// linked. A Multiboot 2 kernel that can be moved may come to lie elsewhere.
  public var loadedRanges: [ClosedRange<GuestAddress>] {
    switch self {
    case .flat(let image): [image.loadAddress...image.lastAddress]
    case .elf(let image): image.elf.placement.loadedRanges
    case .multiboot(let image): image.placement.loadedRanges
    case .linux(let image): [image.loadedRange]
    case .pvh(let image): image.elf.placement.loadedRanges
    case .bios(let image): image.loadedRanges
    }
  }

  /// Whether it is started by a BIOS, whose keyboard its guests read.
  public var callsBIOS: Bool {
    if case .bios = self { true } else { false }
  }

  /// Whether its guests have a BIOS to call. Multiboot kernels do so when they go back to real mode.
  var hasBIOS: Bool {
    switch self {
    case .bios, .multiboot: true
    case .flat, .elf, .linux, .pvh: false
    }
  }

  /// Checks that the image fits in `memorySize` bytes of RAM and overlaps nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    switch self {
    case .flat(let image): try image.validate(memorySize: memorySize)
    case .elf(let image): try image.validate(memorySize: memorySize)
    case .multiboot(let image): try image.validate(memorySize: memorySize)
    case .linux(let image): try image.validate(memorySize: memorySize)
    case .pvh(let image): try image.validate(memorySize: memorySize)
    case .bios(let image): try image.validate(memorySize: memorySize)
    }
  }

  /// The machine that the image asks for, where `configuration` leaves it the choice.
  func adapted(
    _ configuration: MachineConfiguration
  ) throws(VMMError) -> MachineConfiguration {
    switch self {
    case .flat, .elf, .bios: configuration
    case .multiboot(let image): try image.adapted(configuration).preferringLocalAPICs()
    case .linux(let image): try image.adapted(configuration)
    case .pvh: configuration.preferringLocalAPICs()
    }
  }

  /// Whether its guests expect a VGA in text mode: what a boot sector finds on every PC, and a Multiboot
  /// kernel that asks for nothing else.
  public var expectsVGA: Bool {
    switch self {
    case .flat: format == .boot
    case .bios: true
    case .multiboot(let image): image.videoMode == nil
    case .elf, .linux, .pvh: false
    }
  }

  /// What brings it into a machine with `memorySize` bytes of RAM, which it has been validated for.
  func loader(memorySize: UInt64) throws(VMMError) -> any BootLoader {
    switch self {
    case .flat(let image): EntryState(image: image)
    case .elf(let image): EntryState(image: image)
    case .multiboot(let image): try MultibootLoader(image, memorySize: memorySize)
    case .linux(let image): LinuxLoader(image: image)
    case .pvh(let image): PVHLoader(image: image)
    case .bios(let image): BIOSLoader(image: image)
    }
  }
}

extension BootOptions {
  /// Whether anything is chosen that only a flat image has. A boot sector or a file with the name of a
  /// program that is to be entered in a way of its own is one.
  fileprivate var choosesEntryState: Bool { mode != nil || loadAddress != nil || entry != nil }

  /// Refuses a load address for a format that has its own.
  func refuseLoadAddress(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    guard let loadAddress else { return }
    throw VMMError(
      .usage,
      "load address \(loadAddress): image \(file.name) is \(article(format.summary)) and says where it "
        + "is loaded; leave out --load-address")
  }

  /// Refuses modules for a format that has none.
  func refuseModules(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    guard let module = modules.first else { return }
    throw VMMError(
      .usage,
      "module \(module.file.name): image \(file.name) is \(article(format.summary)), which takes none; "
        + "leave out --module")
  }

  /// Refuses what only a flat entry state has a choice of.
  func refuseEntryState(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    try refuseLoadAddress(for: format, file)
    try refuseEntry(for: format, file)
    if let mode { throw refusal("mode \(mode.rawValue)", format, file) }
  }

  /// Refuses an entry for a format that has its own.
  func refuseEntry(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    if let entry { throw refusal("entry \(entry)", format, file) }
  }

  private func refusal(_ option: String, _ format: ImageFormat, _ file: ImageFile) -> VMMError {
    VMMError(
      .usage,
      "\(option): image \(file.name) is \(article(format.summary)), whose boot protocol says how it is "
        + "entered; leave the option out, or choose another --format")
  }

  /// Refuses to write to the image of a format that is no disk.
  func refuseWritableDisk(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    guard isDiskWritable, format != .boot || (self.format == nil && choosesEntryState) else {
      return
    }
    throw VMMError(
      .usage,
      "image \(file.name): is run as \(article(format.summary)) without a disk to write to; leave out "
        + "--writable, or choose --format boot")
  }

  /// Refuses an initrd for a format that does not know of any.
  func refuseInitrd(for format: ImageFormat, _ file: ImageFile) throws(VMMError) {
    guard let initrd, ![.linux, .pvh].contains(format) else { return }
    let isMultiboot = [.multiboot, .multiboot2].contains(format)
    throw VMMError(
      .usage,
      "initrd \(initrd.name): image \(file.name) is \(article(format.summary)), which is not handed "
        + (isMultiboot ? "any; give it as --module" : "any; leave out --initrd"))
  }
}

/// `noun` with its indefinite article.
func article(_ noun: String) -> String {
  ("AEIOU".contains(noun.prefix(1)) ? "an " : "a ") + noun
}
