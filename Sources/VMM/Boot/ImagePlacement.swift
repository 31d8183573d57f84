/// Which bytes of a file lie where in guest physical memory.
struct ImagePlacement: Equatable, Sendable {
  struct Segment: Equatable, Sendable {
    let fileOffset: UInt64
    let fileSize: UInt64
    /// Its first byte.
    var address: GuestAddress
    /// At least ``fileSize``, and not 0; the bytes beyond that are zero.
    let memorySize: UInt64

    var lastAddress: GuestAddress { GuestAddress(address.rawValue &+ (memorySize &- 1)) }
  }

  /// By rising address, without overlaps; at least one.
  private(set) var segments: [Segment]

  fileprivate init(_ segments: [Segment]) {
    self.segments = segments
  }

  init(_ segment: Segment) {
    segments = [segment]
  }

  /// First and last byte of all of it.
  var start: GuestAddress { segments.first?.address ?? 0 }
  var last: GuestAddress { segments.last?.lastAddress ?? 0 }

  var loadedRanges: [ClosedRange<GuestAddress>] {
    segments.map { $0.address...$0.lastAddress }
  }

  /// The same, moved so that it begins at `start`. The caller has checked that it ends in memory.
  func moved(to start: GuestAddress) -> ImagePlacement {
    var moved = self
    for index in segments.indices {
      let offset = segments[index].address.rawValue &- self.start.rawValue
      moved.segments[index].address = GuestAddress(start.rawValue &+ offset)
    }
    return moved
  }

  /// Reads `file` into RAM that is zero.
  func load(_ file: ImageFile, into memory: GuestMemory) throws(VMMError) {
    for segment in segments {
      try file.load(segment.fileSize, from: segment.fileOffset, into: memory, at: segment.address)
    }
  }

  /// Checks that all of it lies in `memorySize` bytes of RAM and leaves `reservations` free.
  func validate(
    _ file: ImageFile, memorySize: UInt64, reservations: [MemoryReservation]
  ) throws(VMMError) {
    let lowRAM = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    let highEnd = MemoryMap.highRAM.rawValue + (memorySize - lowRAM)
    for segment in segments {
      let (start, last) = (segment.address, segment.lastAddress)
      let place = "its segment at \(start) to \(last)"
      for reservation in reservations where reservation.overlaps(start, through: last) {
        throw VMMError(
          .image,
          "image \(file.name): \(place) overlaps \(reservation.owner) at "
            + "\(reservation.range.lowerBound); link it for another address")
      }
      guard last.rawValue < lowRAM || start >= MemoryMap.highRAM && last.rawValue < highEnd else {
        throw VMMError(
          .image,
          "image \(file.name): \(place) does not fit in the guest's memory (\(memorySize) bytes); "
            + "raise --memory or link it for a lower address")
      }
    }
  }
}

extension ELFFile {
  /// Its segments at their physical addresses.
  var placement: ImagePlacement {
    ImagePlacement(
      segments.map {
        ImagePlacement.Segment(
          fileOffset: $0.fileOffset, fileSize: $0.fileSize,
          address: GuestAddress($0.physicalAddress), memorySize: $0.memorySize)
      })
  }
}
