/// A Linux kernel image (bzImage) with what it is started with: everything that can be checked without
/// KVM.
///
/// Source: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst in Linux).
public struct LinuxImage: Sendable {
  public let file: ImageFile
  public let header: LinuxSetupHeader
  /// `long` for the 64-bit boot protocol, `protected` for the 32-bit one.
  public let mode: CPUMode
  /// The initial RAM disk; nil for none.
  public let initrd: ImageFile?

  /// The 64-bit entry is this far into the kernel.
  static let offsetOf64BitEntry = 0x200

  /// - Parameters:
  ///   - mode: `long` or `protected`; nil for `long` where the kernel has a 64-bit entry.
  ///   - initrd: Handed to the kernel as it is.
  public init(
    _ file: ImageFile, mode: CPUMode? = nil, initrd: ImageFile? = nil
  ) throws(VMMError) {
    let header = try LinuxSetupHeader(file.read(LinuxSetupHeader.extent, at: 0), of: file)
    let mode = mode ?? (header.has64BitEntry ? .long : .protected)
    guard mode != .real else {
      throw VMMError(
        .usage,
        "mode real: image \(file.name) needs a BIOS in that mode; give protected or long, or leave out "
          + "--mode")
    }
    guard mode != .long || header.has64BitEntry else {
      throw VMMError(
        .usage,
        "mode long: image \(file.name) has no 64-bit entry; give protected, or leave out --mode")
    }
    self.file = file
    self.header = header
    self.mode = mode
    self.initrd = initrd
    guard loadAddress >= MemoryMap.highMemory, loadAddress < MemoryMap.lowMemoryEnd else {
      throw VMMError(
        .image,
        "image \(file.name): wants to be loaded at \(loadAddress), where no machine has room for it; "
          + "is its header damaged?")
    }
    guard entry >= loadAddress, entry.rawValue - loadAddress.rawValue < UInt64(header.kernelSize)
    else {
      throw VMMError(
        .image,
        "image \(file.name): its entry \(entry) lies outside the kernel at \(loadAddress); "
          + "is its header damaged?")
    }
  }

  /// Where the protected-mode kernel is loaded: where it wants to run if it can be loaded anywhere, so
  /// that it need not move far.
  public var loadAddress: GuestAddress {
    guard header.isRelocatable, let preferred = header.preferredAddress else {
      return MemoryMap.highMemory
    }
    return GuestAddress(preferred)
  }

  /// What is loaded from the file: first and last byte in guest physical memory.
  var loadedRange: ClosedRange<GuestAddress> {
    loadAddress...GuestAddress(loadAddress.rawValue + UInt64(header.kernelSize) - 1)
  }

  /// The first instruction.
  public var entry: GuestAddress {
    if mode == .long {
      return GuestAddress(loadAddress.rawValue &+ UInt64(Self.offsetOf64BitEntry))
    }
    return header.isRelocatable ? loadAddress : GuestAddress(header.code32Start)
  }

  /// The end of what the kernel uses before it looks at the memory map.
  var end: GuestAddress {
    let runsAt = max(loadAddress.rawValue, header.preferredAddress ?? 0)
    let (end, isBeyond) = runsAt.addingReportingOverflow(header.initSize)
    return GuestAddress(isBeyond ? .max : end)
  }

  /// Checks that kernel and initrd fit in `memorySize` bytes of RAM.
  public func validate(memorySize: UInt64) throws(VMMError) {
    _ = try initrdAddress(memoryBelow4GiB: min(memorySize, MemoryMap.lowMemoryEnd.rawValue))
  }

  /// `configuration` with local APICs where it leaves the choice; checks that the kernel takes a command
  /// line of its length.
  func adapted(_ configuration: MachineConfiguration) throws(VMMError) -> MachineConfiguration {
    let length = configuration.commandLine.utf8.count
    guard length <= header.maximumCommandLine else {
      throw VMMError(
        .usage,
        "command line: \(length) bytes are more than the \(header.maximumCommandLine) that the kernel "
          + "takes; shorten --append")
    }
    return configuration.preferringLocalAPICs()
  }

  /// Where the initrd lies on a machine with so much RAM below 4 GiB: page-aligned, and as high as the
  /// kernel allows. nil if there is none.
  func initrdAddress(memoryBelow4GiB: UInt64) throws(VMMError) -> GuestAddress? {
    guard end.rawValue <= memoryBelow4GiB else {
      throw VMMError(
        .image,
        "image \(file.name): the kernel needs memory from \(loadAddress) to \(end), and the guest's "
          + "ends at \(GuestAddress(memoryBelow4GiB)); \(remedy(for: end.rawValue))")
    }
    guard let initrd else { return nil }
    return try Initrd.address(
      of: initrd, between: end,
      and: GuestAddress(min(memoryBelow4GiB, header.initrdAddressMax &+ 1)),
      memoryBelow4GiB: memoryBelow4GiB)
  }

  private func remedy(for size: UInt64) -> String {
    size <= MemoryMap.lowMemoryEnd.rawValue
      ? "raise --memory to \(MemorySizeText(atLeast: size))" : "no machine has that much there"
  }
}
