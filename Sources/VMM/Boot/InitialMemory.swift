/// What the guest finds in RAM at its start: the image, the tables of its entry state, the
/// boot-information block, and the ACPI and MP tables. A reset writes it again.
struct InitialMemory: Sendable {
  let image: FlatImage
  let bootInformation: BootInformation
  let firmwareTables: FirmwareTables

  /// Writes it into RAM that is zero. An image file is read again each time, from the file as it was
  /// opened.
  func write(to memory: GuestMemory) throws(VMMError) {
    try image.file.load(into: memory, at: image.loadAddress)
    EntryState(image: image).prepare(memory)
    bootInformation.write(to: memory)
    firmwareTables.write(to: memory)
  }
}
