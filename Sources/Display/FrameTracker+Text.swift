extension FrameTracker {
  /// Takes over the cells that changed on the reported pages.
  mutating func update(
    _ screen: TextScreen, dirtyPages: Span<UInt64>, memory: UnsafeRawBufferPointer
  ) -> Bool {
    precondition(
      memory.count >= screen.memory.upperBound, "the screen is in a larger video memory")
    precondition(
      dirtyPages.count * 64 * Self.pageSize >= screen.memory.upperBound,
      "the bitmap ends inside the screen's memory")
    countReportedPages(dirtyPages)
    packedShadow = nil
    let drawsAll = textShadow?.screen.geometry != screen.geometry
    let startsOver = drawsAll || redrawsText
    redrawsText = false
    if drawsAll {
      guard let mode = screen.frameMode else { return switchOff() }
      frame = Frame(mode: mode, palette: Palette())
      textShadow = TextShadow(screen)
      statistics.fullComparisons &+= 1
    }
    // Taken out, so that its storage has one owner and is changed in place.
    var shadow = textShadow.take() ?? TextShadow(screen)
    let reported = bits(of: dirtyPages, in: screen.memory)
    var outcome = TextShadow.Outcome()
    if let memory = memory.baseAddress {
      outcome = unsafe shadow.update(
        to: screen, dirtyPages: reported, startsOver: startsOver, memory: memory, frame: &frame,
        damage: &damage)
    }
    textShadow = shadow
    noteChangedPages(outcome.reading.changedPages, in: screen.memory)
    statistics.add(outcome, cellHeight: screen.geometry.cellHeight)
    if startsOver { damage = .full(width: screen.geometry.width, height: screen.geometry.height) }
    if damage.isEmpty { return false }
    statistics.scanlinesFlushed &+= UInt64(damage.lineCount)
    return true
  }
}
