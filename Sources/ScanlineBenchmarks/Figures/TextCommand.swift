import ArgumentParser
import Devices
import Display
import Glibc

/// What it costs to show a screen of text that scrolls, beside drawing every cell of it, at every flush
/// of both.
struct TextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "2000 lines of scrolling text, flushed line by line.")

  @OptionGroup var options: FigureOptions

  private static let lineCount = 2000
  /// More than the screen has: what a program prints at once that prints as fast as it can.
  private static let burst = 40

  func run() throws {
    var figures: [Figure] = []
    for linesPerFlush in [1, Self.burst] {
      let flushes = linesPerFlush == 1 ? "each line" : "every \(linesPerFlush) lines"
      var figure = Figure(
        title:
          "Text mode, 80 x 25: host CPU time of a flush, \(Self.lineCount) lines scrolling by, "
          + "after \(flushes)",
        unit: "us", digits: 1)
      for output in ScrollingText.allCases {
        let samples = try interleave(
          rounds: options.runs ?? 9,
          [
            { try Self.scroll(output, linesPerFlush, drawsAll: true) },
            { try Self.scroll(output, linesPerFlush, drawsAll: false) },
          ])
        figure.rows += [
          Row(label: "\(output.label), every cell", samples: samples[0]),
          Row(
            label: "\(output.label), changed cells", samples: samples[1],
            ratio: samples[1].ratio(to: samples[0]),
            target: linesPerFlush == 1 ? .ratio(0.2) : nil),
        ]
      }
      figures.append(figure)
    }
    try options.report(figures)
  }

  /// Microseconds a flush, on average.
  ///
  /// - Parameter drawsAll: Whether each flush draws all cells, with the same code, and looks for no
  ///   damage because all is.
  private static func scroll(
    _ output: ScrollingText, _ linesPerFlush: Int, drawsAll: Bool
  ) throws -> Double {
    var screen = ConsoleScreen()
    var tracker = FrameTracker()
    var time = 0.0
    let firstPage: [UInt64] = [1]
    guard let text = screen.text else {
      throw BenchmarkError("the screen of the text figure is none")
    }
    for number in 1...lineCount {
      screen.scroll(to: output.line(number))
      guard number.isMultiple(of: linesPerFlush) else { continue }
      time += duration(on: CLOCK_PROCESS_CPUTIME_ID) {
        tracker.setText(text)
        if drawsAll { tracker.redrawText() }
        unsafe screen.memory.withUnsafeBytes { memory in
          _ = unsafe tracker.update(dirtyPages: firstPage.span, memory: memory)
        }
      }
    }
    return time * 1e6 / Double(lineCount / linesPerFlush)
  }
}

/// What a program prints.
private enum ScrollingText: CaseIterable {
  /// Lines that differ in a number, as a test or a copy shows its progress.
  case progress
  /// Lines of all lengths that have little in common, as a kernel's log.
  case log

  var label: String {
    switch self {
    case .progress: "numbered lines"
    case .log: "a log"
    }
  }

  func line(_ number: Int) -> [UInt8] {
    switch self {
    case .progress: Array("test \(number) of 2000: passed".utf8)
    case .log:
      (0..<20 + number * 37 % 60).map { UInt8(0x21 + (number * 31 + $0 * 17) % 94) }
    }
  }
}

/// A console's memory: a page of cells.
private struct ConsoleScreen {
  private static let columns = 80
  private static let rows = 25

  private(set) var memory = [UInt8](repeating: 0, count: 4096)
  private let colors = (0..<16).map { RGB(red: UInt8($0 * 16), green: UInt8($0 * 8), blue: 85) }
  private let glyphs: [UInt8] = {
    var glyphs = [UInt8](repeating: 0, count: 32 * 256)
    for (index, byte) in VGAFont.size8x16.glyphs.enumerated() {
      glyphs[index / 16 * 32 + index % 16] = byte
    }
    return glyphs
  }()

  /// Moves every row up by one, and puts `line` into the last.
  mutating func scroll(to line: [UInt8]) {
    let rowBytes = 2 * Self.columns
    memory.replaceSubrange(
      0..<rowBytes * (Self.rows - 1), with: memory[rowBytes..<rowBytes * Self.rows])
    for column in 0..<Self.columns {
      let offset = rowBytes * (Self.rows - 1) + 2 * column
      memory[offset] = column < line.count ? line[column] : 0x20
      memory[offset + 1] = 0x07
    }
  }

  var text: TextScreen? {
    TextScreen(
      TextScreen.Geometry(columns: Self.columns, height: 400, cellWidth: 9, cellHeight: 16),
      style: TextScreen.Style(
        colors: colors, glyphs: glyphs, blinks: false, joinsLineGraphics: true),
      memory: 0..<memory.count, startCell: 0, stride: Self.columns, cursor: nil,
      videoMemorySize: memory.count)
  }
}
