extension FrameTracker {
  /// Takes over the pixels that changed on the reported pages.
  mutating func update(
    _ screen: PackedScreen, dirtyPages: Span<UInt64>, memory: UnsafeRawBufferPointer
  ) -> Bool {
    countReportedPages(dirtyPages)
    textShadow = nil
    let startsOver = packedShadow?.screen.geometry != screen.geometry
    if startsOver {
      guard let mode = screen.frameMode else { return switchOff() }
      frame = Frame(mode: mode, palette: screen.palette)
      packedShadow = nil
      statistics.fullComparisons &+= 1
    }
    // Taken out, so that its storage has one owner and is changed in place.
    var shadow = packedShadow.take() ?? PackedShadow(screen)
    var outcome = PackedShadow.Outcome()
    if let memory = memory.baseAddress {
      outcome = unsafe shadow.update(
        to: screen,
        dirtyPages: startsOver ? .max : bits(of: dirtyPages, in: screen.memory),
        memory: memory + screen.memoryOffset, frame: &frame, damage: &damage)
    }
    packedShadow = shadow
    noteChangedPages(outcome.changedPages, in: screen.memory)
    statistics.add(outcome)
    if frame.palette != screen.palette { changePalette(to: screen.palette) }
    return finishUpdate(startsOver: startsOver)
  }
}
