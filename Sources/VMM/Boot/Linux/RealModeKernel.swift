/// A kernel that is entered in its real-mode code, by the 16-bit boot protocol, and calls a BIOS: a
/// boot program that only looks like a Linux kernel, such as iPXE or memdisk, or Linux itself.
///
/// Source: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst in Linux), sections "Loading
/// The Rest of The Kernel" and "Running the Kernel".
struct RealModeKernel: Sendable {
  /// Where the real-mode code is loaded; its first 512 bytes are no code.
  static let segment: UInt16 = 0x1000
  static let entrySegment: UInt16 = segment + 0x20
  /// The end of heap and stack, which begin behind the code, in ``segment``.
  static let stack: UInt16 = 0xFFF0
  private static let commandLine: GuestAddress = 0x2_0000
  /// The version that is the oldest to boot here: 2.02 has a pointer to the command line.
  private static let minimumVersion: UInt16 = 0x0202

  private enum Offset {
    static let videoMode: UInt64 = 0x1FA
    static let loaderType: UInt64 = 0x210
    static let loadFlags: UInt64 = 0x211
    static let ramdiskAddress: UInt64 = 0x218
    static let ramdiskSize: UInt64 = 0x21C
    static let heapEnd: UInt64 = 0x224
    static let commandLine: UInt64 = 0x228
  }

  /// loadflags: there is a heap (CAN_USE_HEAP).
  private static let canUseHeap: UInt8 = 1 << 7

  let file: ImageFile
  private let setupSize: UInt64
  private let loadFlags: UInt8
  private let initrdAddressMax: UInt64
  private let initrd: ImageFile?

  /// Whether `file`, a kernel image, has no other entry than this one: its protocol is older than 2.06,
  /// or its protected-mode code says nowhere to be entered.
  static func isOnlyEntry(of file: ImageFile) throws(VMMError) -> Bool {
    let fields = SetupFields(try file.read(LinuxSetupHeader.extent, at: 0))
    return fields.version < LinuxSetupHeader.minimumVersion
      || fields.code32Start == 0 && !fields.isRelocatable
  }

  init(_ file: ImageFile, initrd: ImageFile?) throws(VMMError) {
    func fail(_ complaint: String) -> VMMError {
      VMMError(.image, "image \(file.name): \(complaint)")
    }
    let start = try file.read(LinuxSetupHeader.extent, at: 0)
    let fields = SetupFields(start)
    guard start.count == LinuxSetupHeader.extent, fields.bootFlag == SetupFields.expectedBootFlag,
      fields.signature == SetupFields.expectedSignature
    else { throw fail("has no Linux setup header, or only a part of it; is the file complete?") }
    guard fields.version >= Self.minimumVersion else {
      throw fail(
        "its boot protocol \(LinuxSetupHeader.text(of: fields.version)) is older than 2.02; use a "
          + "newer one")
    }
    guard fields.loadFlags & SetupFields.loadedHigh != 0 else {
      throw fail("is a zImage, which is loaded below 1 MiB; make a bzImage of it")
    }
    let setupSize = (fields.setupSectors + 1) * 512
    guard setupSize < file.size else {
      throw fail(
        "its \(setupSize) bytes of setup code leave nothing of the file's \(file.size); "
          + "is the file complete?")
    }
    // Half of the segment is left to heap and stack.
    guard setupSize <= 0x8000 else {
      throw fail("its \(setupSize) bytes of setup code are more than the 32768 that have room")
    }
    self.file = file
    self.setupSize = UInt64(setupSize)
    loadFlags = fields.loadFlags
    initrdAddressMax =
      fields.version >= 0x0203 ? fields.initrdAddressMax : SetupFields.defaultInitrdAddressMax
    self.initrd = initrd
  }

  private static var setup: GuestAddress {
    GuestAddress(UInt64(RealModeMemory.linear(segment, 0)))
  }

  /// What is loaded from the file: first and last byte of the real-mode code, and of what is behind it.
  var loadedRanges: [ClosedRange<GuestAddress>] {
    let start = MemoryMap.highMemory.rawValue
    return [
      Self.setup...GuestAddress(Self.setup.rawValue + setupSize - 1),
      MemoryMap.highMemory...GuestAddress(start + (UInt64(file.size) - setupSize) - 1),
    ]
  }

  private var end: GuestAddress {
    GuestAddress(MemoryMap.highMemory.rawValue + (UInt64(file.size) - setupSize))
  }

  /// Checks that kernel and initrd fit in `memorySize` bytes of RAM.
  func validate(memorySize: UInt64) throws(VMMError) {
    let memoryBelow4GiB = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    guard end.rawValue <= memoryBelow4GiB else {
      throw VMMError(
        .image,
        "image \(file.name): does not fit between 1 MiB and the end of memory at "
          + "\(GuestAddress(memoryBelow4GiB)); raise --memory")
    }
    _ = try initrdAddress(memoryBelow4GiB: memoryBelow4GiB)
  }

  private func initrdAddress(memoryBelow4GiB: UInt64) throws(VMMError) -> GuestAddress? {
    guard let initrd else { return nil }
    return try Initrd.address(
      of: initrd, between: end,
      and: GuestAddress(min(memoryBelow4GiB, initrdAddressMax &+ 1)),
      memoryBelow4GiB: memoryBelow4GiB)
  }

  /// Writes all of it into RAM that is zero.
  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    let initrdAddress = try initrdAddress(memoryBelow4GiB: platform.memoryBelow4GiB)
    try file.load(setupSize, from: 0, into: memory, at: Self.setup)
    try file.load(
      UInt64(file.size) - setupSize, from: setupSize, into: memory, at: MemoryMap.highMemory)
    if let initrd, let initrdAddress { try initrd.load(into: memory, at: initrdAddress) }
    _ = memory.write(Array(platform.commandLine.utf8) + [0], at: Self.commandLine)
    func put(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: UInt64) {
      _ = memory.store(value, at: GuestAddress(Self.setup.rawValue + offset))
    }
    put(try SetupVideoMode(commandLine: platform.commandLine).rawValue, at: Offset.videoMode)
    put(UInt8(0xFF), at: Offset.loaderType)  // a loader without an id
    put(loadFlags | Self.canUseHeap, at: Offset.loadFlags)
    put(UInt32(clamping: initrdAddress?.rawValue ?? 0), at: Offset.ramdiskAddress)
    put(UInt32(clamping: initrd?.size ?? 0), at: Offset.ramdiskSize)
    // The protocol counts it from the end of the boot sector.
    put(Self.stack - 0x1F0 - 0x200, at: Offset.heapEnd)
    put(UInt32(clamping: Self.commandLine.rawValue), at: Offset.commandLine)
  }
}
