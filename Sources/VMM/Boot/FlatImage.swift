/// A flat image and how it is to be entered: everything about it that can be checked without KVM.
public struct FlatImage: Sendable {
  public let file: ImageFile
  public let mode: CPUMode
  public let loadAddress: GuestAddress
  public let entry: GuestAddress

  /// - Parameters:
  ///   - mode: The mode of entry; nil for real mode with a boot sector, else long mode.
  ///   - loadAddress: A multiple of 16; nil for the mode's default.
  ///   - entry: The first instruction, within the image; nil for the load address.
  public init(
    _ file: ImageFile, mode: CPUMode? = nil, loadAddress: GuestAddress? = nil,
    entry: GuestAddress? = nil
  ) throws(VMMError) {
    guard [.flat, .bootSector].contains(file.kind) else {
      throw VMMError(
        .image,
        "image \(file.name): is \(article(file.kind.summary)), not a flat image; "
          + (file.kind.remedy ?? "let it be recognised (BootImage)"))
    }
    try self.init(
      raw: file, mode: mode ?? (file.kind == .bootSector ? .real : nil), loadAddress: loadAddress,
      entry: entry)
  }

  /// An image that is flat because its user says so, whatever its content looks like.
  init(
    raw file: ImageFile, mode: CPUMode?, loadAddress: GuestAddress?, entry: GuestAddress?
  ) throws(VMMError) {
    guard file.size > 0 else {
      throw VMMError(.image, "image \(file.name): is empty; there is nothing to run")
    }
    self.file = file
    let mode = mode ?? .long
    let loadAddress = loadAddress ?? mode.defaultLoadAddress
    let entry = entry ?? loadAddress
    self.mode = mode
    self.loadAddress = loadAddress
    self.entry = entry

    guard loadAddress.rawValue % 16 == 0 else {
      throw VMMError(.usage, "load address \(loadAddress): is misaligned; give a multiple of 16")
    }
    guard loadAddress < MemoryMap.highRAM else {
      throw VMMError(.usage, "load address \(loadAddress): lies beyond 4 GiB; give a lower one")
    }
    guard entry >= loadAddress, entry.rawValue - loadAddress.rawValue < UInt64(file.size) else {
      throw VMMError(
        .usage,
        "entry \(entry): lies outside the image, which covers \(loadAddress) to \(lastAddress)")
    }
  }

  /// The address of the image's last byte.
  public var lastAddress: GuestAddress {
    GuestAddress(loadAddress.rawValue + UInt64(file.size) - 1)
  }

  /// Checks that the image fits in `memorySize` bytes of RAM and overlaps nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    guard UInt64(file.size) <= memorySize else {
      throw VMMError(
        .image,
        "image \(file.name): \(file.size) bytes are more than the guest's memory of \(memorySize); "
          + "raise --memory")
    }
    for reservation in MemoryReservation.flat(mode, memorySize: memorySize)
    where reservation.overlaps(loadAddress, through: lastAddress) {
      throw VMMError(
        .image,
        "image \(file.name): at \(loadAddress) to \(lastAddress) it overlaps \(reservation.owner) at "
          + "\(reservation.range.lowerBound); choose another --load-address")
    }
    let lowRAM = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    guard lastAddress.rawValue < lowRAM else {
      throw VMMError(
        .image,
        "image \(file.name): at \(loadAddress) to \(lastAddress) it ends beyond the guest's memory "
          + "(\(GuestAddress(lowRAM))); lower --load-address or raise --memory")
    }
  }
}
