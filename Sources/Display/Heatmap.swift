/// Counts how often each scanline has changed: a sink that shows where a guest spends its pixels.
public struct Heatmap: FrameSink, Sendable {
  /// Changes by line, from the top. As long as the tallest frame seen.
  public private(set) var counts: [UInt64] = []

  /// The first frame changes nothing: it is what later ones are compared with.
  private var hasStarted = false

  public init() {}

  public mutating func present(_ frame: borrowing Frame, damage: borrowing Damage) {
    if counts.count < frame.height {
      counts += [UInt64](repeating: 0, count: frame.height - counts.count)
    }
    guard hasStarted else {
      hasStarted = true
      return
    }
    for run in damage.runs {
      for line in run.lines where line < counts.count { counts[line] &+= 1 }
    }
  }

  /// A picture of the counts: a bar for each scanline, its length and its heat proportional to how
  /// often the line changed. Empty if no frame was seen.
  ///
  /// - Parameter width: The length of the bar of the line that changed most, in pixels.
  public func picture(width: Int = 256) -> Frame {
    guard
      let mode = DisplayMode(
        width: width, height: counts.count, format: .xrgb8888, stride: 4 * width, startOffset: 0,
        videoMemorySize: 4 * width * counts.count)
    else { return Frame() }
    var frame = Frame(mode: mode, palette: Palette())
    let most = max(1, counts.max() ?? 0)
    for (line, count) in counts.enumerated() {
      let length = Int(UInt64(width) * count / most)
      // From dark red over orange to white.
      let heat = Int(3 * 255 * count / most)
      let color = [max(0, heat - 510), max(0, heat - 255), max(64, heat)].map(UInt8.init(clamping:))
      for column in 0..<min(width, max(length, count > 0 ? 1 : 0)) {
        for channel in 0..<3 {
          frame.pixels[(line * width + column) * 4 + channel] = color[channel]
        }
      }
    }
    return frame
  }
}
