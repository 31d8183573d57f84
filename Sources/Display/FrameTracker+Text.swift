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
    let firstPage = screen.memory.lowerBound / Self.pageSize
    let pageCount = screen.memory.count / Self.pageSize
    let reported = Self.bits(dirtyPages, from: firstPage, count: pageCount)
    var outcome = TextShadow.Outcome()
    if let memory = memory.baseAddress {
      outcome = unsafe shadow.update(
        to: screen, dirtyPages: reported, startsOver: startsOver, memory: memory, frame: &frame,
        damage: &damage)
    }
    textShadow = shadow
    for page in 0..<pageCount where outcome.reading.changedPages >> UInt64(page) & 1 != 0 {
      changedPages[(firstPage + page) / 64] |= 1 << UInt64((firstPage + page) % 64)
    }
    statistics.add(outcome, cellHeight: screen.geometry.cellHeight)
    if startsOver { damage = .full(width: screen.geometry.width, height: screen.geometry.height) }
    if damage.isEmpty { return false }
    statistics.scanlinesFlushed &+= UInt64(damage.lineCount)
    return true
  }

  /// `count` bits of a bitmap, at most 64, from bit `first` on.
  private static func bits(_ words: Span<UInt64>, from first: Int, count: Int) -> UInt64 {
    let (word, shift) = first.quotientAndRemainder(dividingBy: 64)
    var bits = words[word] >> UInt64(shift)
    if shift > 0, word + 1 < words.count { bits |= words[word + 1] << UInt64(64 - shift) }
    return count < 64 ? bits & (1 << UInt64(count) - 1) : bits
  }
}
