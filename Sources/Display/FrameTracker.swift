/// Turns the pages that a dirty log reports into the scanlines that changed.
///
/// The tracker owns the shadow (``frame``). At each ``update(dirtyPages:memory:)`` it compares the
/// visible bytes of the reported pages with it, and takes over what differs. Everything else stays
/// unread: an update of an idle screen costs a scan of the bitmap's words.
///
/// ```swift
/// var tracker = FrameTracker()
/// tracker.setMode(mode, palette: palette)          // at every tick, or whenever the guest sets it
/// log.harvest(into: &bitmap)                       // re-arms the pages: first (R1)
/// if unsafe tracker.update(dirtyPages: bitmap.span, memory: videoMemory) {
///   try sink.present(tracker.frame, damage: tracker.damage)
/// }
/// ```
///
/// ## Why the harvest comes first (R1)
///
/// The guest goes on writing while an update reads. The harvest that reported a page has also
/// re-armed it, so a write that comes after the harvest is reported by a later one, whether this
/// update happened to see it or not. A tracker that read first and harvested then would drop the
/// report of a write that fell between the two, and show its pixels wrong for good.
///
/// Each byte of video memory is read once. The comparison, the extent of the damage, and the copy
/// into the shadow are all decided on what was read, so the shadow changes exactly where the damage
/// says, however the guest races with us. What the reading misses, R1 brings back.
/// So once the vCPUs are stopped, one last harvest and update leave a shadow that equals the visible
/// memory byte for byte (R3).
public struct FrameTracker: ~Copyable, Sendable {
  /// The size of the pages that a bit of the dirty log stands for, on every x86 host: 4096 bytes.
  public static let pageSize = 4096

  /// The picture after the last update.
  public internal(set) var frame = Frame()
  /// What the last update changed.
  public internal(set) var damage = Damage()
  /// The pages whose visible pixels the last update found changed, one bit each, in the layout of
  /// the dirty bitmap it was given.
  public internal(set) var changedPages: [UInt64] = []
  /// What all updates have cost.
  public internal(set) var statistics = FrameStatistics()

  /// What is to be shown.
  private enum Picture {
    case none
    case pixels(DisplayMode, Palette)
    case packed(PackedScreen)
    case text(TextScreen)

    /// The bytes of video memory that it is in; nil for none.
    var memory: Range<Int>? {
      switch self {
      case .none: nil
      case .pixels(let mode, _): mode.window
      case .packed(let screen): screen.memory
      case .text(let screen): screen.memory
      }
    }
  }

  private var picture = Picture.none
  /// What is shown of video memory that is not pixels as ``frame`` has them; one of the two at most.
  var textShadow: TextShadow?
  var packedShadow: PackedShadow?
  var redrawsText = false
  /// The damage to the pixels, while ``damage`` collects that and what a new palette changes.
  private var pixelDamage = Damage()

  /// A tracker of a display that is switched off.
  public init() {}

  /// Sets the mode and the palette that the next update shows.
  ///
  /// Only the values at the next update count, so this may be called as often as the guest likes:
  ///
  /// - Another size or format starts a new shadow, with full damage.
  /// - Another stride or start offset (a page flip) has the whole window compared, since the log
  ///   knows nothing about it; the damage is what differs.
  /// - Another palette damages the pixels of ``PixelFormat/indexed8`` whose colour changes, and no
  ///   pixels of other formats.
  ///
  /// - Parameters:
  ///   - mode: The mode; `nil` if the display is switched off.
  ///   - palette: The colours of ``PixelFormat/indexed8``.
  public mutating func setMode(_ mode: DisplayMode?, palette: Palette = Palette()) {
    picture = mode.map { .pixels($0, palette) } ?? .none
  }

  /// Sets the screen of packed pixels that the next update shows.
  ///
  /// As with ``setMode(_:palette:)`` only the values at the next update count, and the same follows from
  /// them.
  public mutating func setPacked(_ screen: PackedScreen) { picture = .packed(screen) }

  /// Sets the screen of characters that the next update shows.
  ///
  /// As with ``setMode(_:palette:)`` only the values at the next update count. Another geometry starts
  /// a new shadow, with full damage; another place in memory has all cells compared; other colours or
  /// glyphs have all cells drawn, and another cursor those that it leaves and enters. The damage is
  /// what that changes.
  public mutating func setText(_ screen: TextScreen) { picture = .text(screen) }

  /// Has the next update of a screen of characters draw and damage everything: what benchmarks compare
  /// the others with.
  package mutating func redrawText() { redrawsText = true }

  /// Takes over what changed on the reported pages, in the mode set last.
  ///
  /// Call it after the harvest that filled `dirtyPages` has returned, never before (R1).
  ///
  /// - Parameters:
  ///   - dirtyPages: The harvest: bit `n` of word `m` is the page `64 * m + n` of video memory, as
  ///     `KVM_GET_DIRTY_LOG` writes it.
  ///   - memory: Video memory. The guest may write to it meanwhile.
  /// - Returns: Whether sinks have something to do: ``damage`` is not empty, or the display has just
  ///   been switched off and ``frame`` is empty.
  /// - Precondition: `memory` and `dirtyPages` cover the window of the mode.
  @discardableResult
  public mutating func update(
    dirtyPages: Span<UInt64>, memory: UnsafeRawBufferPointer
  ) -> Bool {
    statistics.updates &+= 1
    damage.removeAll()
    forgetChangedPages(wordCount: dirtyPages.count)
    if let window = picture.memory {
      precondition(memory.count >= window.upperBound, "the mode is for a larger video memory")
      precondition(
        dirtyPages.count * 64 * Self.pageSize >= window.upperBound,
        "the bitmap ends inside the window")
    }
    switch picture {
    case .none:
      countReportedPages(dirtyPages)
      return switchOff()
    case .pixels(let mode, let palette):
      return unsafe update(mode, palette, dirtyPages: dirtyPages, memory: memory)
    case .packed(let screen):
      return unsafe update(screen, dirtyPages: dirtyPages, memory: memory)
    case .text(let screen):
      return unsafe update(screen, dirtyPages: dirtyPages, memory: memory)
    }
  }

  private mutating func update(
    _ mode: DisplayMode, _ palette: Palette, dirtyPages: Span<UInt64>,
    memory: UnsafeRawBufferPointer
  ) -> Bool {
    let shownMode = frame.mode
    let startsOver = shownMode?.hasSameGeometry(as: mode) != true || isIndirect
    forgetShadows()
    if startsOver { frame = Frame(mode: mode, palette: palette) }
    frame.mode = mode
    let comparesAll = shownMode != mode || startsOver
    if comparesAll { statistics.fullComparisons &+= 1 }
    unsafe compare(dirtyPages, all: comparesAll, mode: mode, memory: memory)
    if frame.palette != palette { changePalette(to: palette) }
    return finishUpdate(startsOver: startsOver)
  }

  /// What an update of every kind ends with.
  ///
  /// - Parameter startsOver: Whether all of the picture is new.
  /// - Returns: Whether there is damage.
  mutating func finishUpdate(startsOver: Bool) -> Bool {
    if startsOver { damage = .full(width: frame.width, height: frame.height) }
    if damage.isEmpty { return false }
    statistics.scanlinesFlushed &+= UInt64(damage.lineCount)
    return true
  }

  private mutating func forgetChangedPages(wordCount: Int) {
    if changedPages.count != wordCount {
      changedPages = [UInt64](repeating: 0, count: wordCount)
    } else {
      for index in changedPages.indices { changedPages[index] = 0 }
    }
  }

  /// Whether ``frame`` shows something else than pixels as they lie in video memory.
  private var isIndirect: Bool { textShadow != nil || packedShadow != nil }

  private mutating func forgetShadows() {
    textShadow = nil
    packedShadow = nil
  }

  mutating func switchOff() -> Bool {
    forgetShadows()
    if frame.isEmpty { return false }
    frame = Frame()
    return true
  }

  mutating func countReportedPages(_ dirtyPages: Span<UInt64>) {
    for index in dirtyPages.indices {
      statistics.pagesReported &+= UInt64(dirtyPages[index].nonzeroBitCount)
    }
  }

  /// The bits of the pages of `memory`, at most 64, the first one lowest.
  func bits(of dirtyPages: Span<UInt64>, in memory: Range<Int>) -> UInt64 {
    let (word, shift) = (memory.lowerBound / Self.pageSize).quotientAndRemainder(dividingBy: 64)
    let count = memory.count / Self.pageSize
    var bits = dirtyPages[word] >> UInt64(shift)
    if shift > 0, word + 1 < dirtyPages.count {
      bits |= dirtyPages[word + 1] << UInt64(64 - shift)
    }
    return count < 64 ? bits & (1 << UInt64(count) - 1) : bits
  }

  /// Adds the pages whose bits are set, counted from the start of `memory`, to ``changedPages``.
  mutating func noteChangedPages(_ bits: UInt64, in memory: Range<Int>) {
    let first = memory.lowerBound / Self.pageSize
    for page in 0..<memory.count / Self.pageSize where bits >> UInt64(page) & 1 != 0 {
      changedPages[(first + page) / 64] |= 1 << UInt64((first + page) % 64)
    }
  }
}

// MARK: - Pages to scanlines

extension FrameTracker {
  /// Compares the reported pages, or `all` pages of the window.
  private mutating func compare(
    _ dirtyPages: Span<UInt64>, all: Bool, mode: DisplayMode, memory: UnsafeRawBufferPointer
  ) {
    let windowPages = mode.windowPages
    var lastLine = -1
    for index in dirtyPages.indices {
      let reported = dirtyPages[index]
      if reported == 0 && !all { continue }
      statistics.pagesReported &+= UInt64(reported.nonzeroBitCount)
      var candidates = (all ? .max : reported) & windowPages.bits(ofWord: index)
      while candidates != 0 {
        let page = index * 64 + candidates.trailingZeroBitCount
        candidates &= candidates &- 1
        unsafe compare(page: page, mode: mode, memory: memory, lastLine: &lastLine)
      }
    }
  }

  /// Compares the visible bytes of one page, line by line.
  ///
  /// A part of a line is compared only as far as it lies on this page: its other pages may be clean,
  /// and then nothing is known to have changed there.
  ///
  /// - Parameter lastLine: The last line that was compared in this update, so that a line on several
  ///   pages is counted once.
  private mutating func compare(
    page: Int, mode: DisplayMode, memory: UnsafeRawBufferPointer, lastLine: inout Int
  ) {
    guard let memory = memory.baseAddress else { return }
    let window = mode.window
    let pageStart = page * Self.pageSize
    // Offsets from the first visible pixel.
    let lower = max(pageStart, window.lowerBound) - window.lowerBound
    let upper = min(pageStart + Self.pageSize, window.upperBound) - window.lowerBound
    let rowBytes = mode.rowBytes
    var isVisible = false
    var isChanged = false
    var line = lower / mode.stride
    var lineStart = line * mode.stride
    while lineStart < upper {
      let start = max(lower, lineStart) - lineStart
      let end = min(upper, lineStart + rowBytes) - lineStart
      if start < end {  // Otherwise the page has only padding of this line.
        isVisible = true
        if line != lastLine {
          lastLine = line
          statistics.scanlinesCompared &+= 1
        }
        let source = unsafe memory + (window.lowerBound + lineStart + start)
        if let changed = unsafe takeOver(source, line: line, bytes: start..<end, rowBytes) {
          isChanged = true
          damage.add(line: line, columns: Frame.columns(ofBytes: changed, mode.format))
        }
      }
      line += 1
      lineStart += mode.stride
    }
    if isVisible { statistics.pagesVisible &+= 1 }
    if isChanged {
      statistics.pagesChanged &+= 1
      changedPages[page / 64] |= 1 << UInt64(page % 64)
    }
  }

  /// Makes the bytes `bytes` of a line of the shadow equal to video memory at `source`.
  ///
  /// - Returns: From the first to the last byte of the line that changed; `nil` if none did.
  private mutating func takeOver(
    _ source: UnsafeRawPointer, line: Int, bytes: Range<Int>, _ rowBytes: Int
  ) -> Range<Int>? {
    statistics.bytesCompared &+= UInt64(bytes.count)
    let offset = frame.offset(ofLine: line) + bytes.lowerBound
    let change = unsafe frame.pixels.withUnsafeMutableBytes { pixels -> TakenOver in
      // In bounds: line and bytes are of the frame's mode.
      guard let pixels = pixels.baseAddress else { return TakenOver() }
      let shadow = unsafe pixels + offset
      return unsafe Display.takeOver(source, into: shadow, count: bytes.count)
    }
    guard change.copied > 0 else { return nil }
    statistics.bytesCopied &+= UInt64(change.copied)
    return
      (bytes.lowerBound + change.changed.lowerBound)..<(bytes.lowerBound + change.changed.upperBound)
  }
}

// MARK: - Colours

extension FrameTracker {
  /// Shows the pixels in the colours of the new palette, and adds those whose colour it changes to
  /// the damage.
  mutating func changePalette(to palette: Palette) {
    let former = frame.palette
    frame.palette = palette
    guard frame.mode?.format == .indexed8 else { return }
    let changes = PaletteChanges(from: former, to: palette)
    swap(&damage, &pixelDamage)
    damage.removeAll()
    for line in 0..<frame.height {
      var columns = pixelDamage.columns(onLine: line)
      let recolored = frame.withRow(line) { changes.extent(in: $0) }
      if let recolored { columns = columns?.union(recolored) ?? recolored }
      if let columns { damage.add(line: line, columns: columns) }
    }
  }
}

extension DisplayMode {
  /// The pages of video memory that hold the window.
  fileprivate var windowPages: Range<Int> {
    let window = window
    let last = (window.upperBound - 1) / FrameTracker.pageSize
    return (window.lowerBound / FrameTracker.pageSize)..<(last + 1)
  }
}

extension Range<Int> {
  /// The bits of the word `word` of a bitmap that has exactly the bits of this range set.
  fileprivate func bits(ofWord word: Int) -> UInt64 {
    // Shifts by more than 63 give 0, and by a negative distance shift the other way.
    let from = Swift.max(lowerBound - word * 64, 0)
    let to = Swift.max(upperBound - word * 64, 0)
    return (UInt64.max << from) & ~(UInt64.max << to)
  }
}
