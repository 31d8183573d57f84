/// The notes in a segment of type PT_NOTE. System V ABI, "Note Section" (gABI 4.1, chapter 5).
struct ELFNotes {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The descriptor of the note `type` of `owner`; nil if there is none, or none that is whole.
  func descriptor(owner: String, type: UInt32) -> [UInt8]? {
    let wanted = Array(owner.utf8) + [0]
    var offset = 0
    while let nameSize = bytes.littleEndian(UInt32.self, at: offset),
      let descriptorSize = bytes.littleEndian(UInt32.self, at: offset + 4),
      let noteType = bytes.littleEndian(UInt32.self, at: offset + 8)
    {
      // Both sizes have 32 bits, so that no sum overflows. Each is padded to 4 bytes.
      let name = offset + 12
      let descriptor = name + (Int(nameSize) + 3) & ~3
      let end = descriptor + Int(descriptorSize)
      guard end <= bytes.count else { return nil }
      if noteType == type, bytes[name..<name + Int(nameSize)].elementsEqual(wanted) {
        return Array(bytes[descriptor..<end])
      }
      offset = (end + 3) & ~3
    }
    return nil
  }
}
