/// An address of real mode. In memory its offset comes first, as `lds` and an interrupt vector have it.
struct FarPointer: Equatable, Sendable {
  let segment: UInt16
  let offset: UInt16

  init(_ segment: UInt16, _ offset: UInt16) {
    self.segment = segment
    self.offset = offset
  }

  /// The physical address.
  var linear: UInt32 { RealModeMemory.linear(segment, offset) }
}

extension RealModeMemory {
  func pointer(at address: UInt32) -> FarPointer {
    FarPointer(word(address &+ 2), word(address))
  }

  func store(_ pointer: FarPointer, at address: UInt32) {
    store(pointer.offset, at: address)
    store(pointer.segment, at: address &+ 2)
  }

  /// What the interrupt vector table holds for `interrupt`.
  func vector(_ interrupt: UInt8) -> FarPointer { pointer(at: 4 * UInt32(interrupt)) }

  func setVector(_ interrupt: UInt8, _ pointer: FarPointer) {
    store(pointer, at: 4 * UInt32(interrupt))
  }
}

extension [UInt8] {
  /// Appends 4 bytes.
  mutating func append(_ pointer: FarPointer) {
    append(littleEndian: pointer.offset)
    append(littleEndian: pointer.segment)
  }
}
