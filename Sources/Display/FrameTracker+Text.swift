extension FrameTracker {
  /// Takes over the cells that changed on the reported pages.
  mutating func update(
    _ screen: TextScreen, dirtyPages: Span<UInt64>, memory: UnsafeRawBufferPointer
  ) -> Bool {
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
    return finishUpdate(startsOver: startsOver)
  }
}
