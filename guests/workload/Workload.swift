/// What is drawn in a frame.
enum Workload {
  case idle, blink, line, scroll, sprite, random, half, full

  init(_ commandLine: CommandLine) {
    self =
      if commandLine.contains("blink") {
        .blink
      } else if commandLine.contains("line") {
        .line
      } else if commandLine.contains("scroll") {
        .scroll
      } else if commandLine.contains("sprite") {
        .sprite
      } else if commandLine.contains("random") {
        .random
      } else if commandLine.contains("half") {
        .half
      } else if commandLine.contains("full") {
        .full
      } else {
        .idle
      }
  }

  private static let spriteSize = 64

  /// What is on the screen before the first frame.
  func prepare(_ canvas: inout Canvas) {
    switch self {
    case .scroll:
      for row in 0..<canvas.screen.height / Canvas.textHeight {
        canvas.drawText(row, seed: row)
      }
    case .sprite:
      let screen = canvas.screen
      canvas.fill(x: 0..<screen.width, y: 0..<screen.height) { Canvas.pattern($0, $1) }
    default:
      break
    }
  }

  func draw(_ frame: Int, on canvas: inout Canvas) {
    let width = canvas.screen.width
    let height = canvas.screen.height
    switch self {
    case .idle:
      break
    case .blink:
      let color: UInt32 = frame & 1 == 0 ? 0 : 0xC0C0C0
      canvas.fill(x: 8..<16, y: 0..<Canvas.textHeight) { _, _ in color }
    case .line:
      canvas.drawText(height / Canvas.textHeight / 2, seed: frame)
    case .scroll:
      let last = height / Canvas.textHeight - 1
      canvas.moveUp(lines: 0..<last * Canvas.textHeight, by: Canvas.textHeight)
      canvas.drawText(last, seed: frame)
    case .sprite:
      let size = Self.spriteSize
      let former = position(frame - 1, canvas)
      canvas.fill(x: former.x..<former.x + size, y: former.y..<former.y + size) {
        Canvas.pattern($0, $1)
      }
      let here = position(frame, canvas)
      canvas.fill(x: here.x..<here.x + size, y: here.y..<here.y + size) { _, _ in 0xFFC030 }
    case .random:
      for _ in 0..<height / 10 {
        let line = Int(canvas.nextRandom() >> 33) % height
        let color = UInt32(truncatingIfNeeded: canvas.nextRandom() >> 40)
        canvas.fill(x: 0..<width, y: line..<line + 1) { _, _ in color }
      }
    case .half:
      fillMotion(frame, lines: 0..<height / 2, of: &canvas)
    case .full:
      fillMotion(frame, lines: 0..<height, of: &canvas)
    }
  }

  /// Pixels that all differ from those of the frame before.
  private func fillMotion(_ frame: Int, lines: Range<Int>, of canvas: inout Canvas) {
    canvas.fill(x: 0..<canvas.screen.width, y: lines) { x, y in
      UInt32(truncatingIfNeeded: x &+ y &* 2 &+ frame &* 0x10305) & 0xFFFFFF
    }
  }

  private func position(_ frame: Int, _ canvas: borrowing Canvas) -> (x: Int, y: Int) {
    (
      (frame &* 3) % (canvas.screen.width - Self.spriteSize),
      (frame &* 2) % (canvas.screen.height - Self.spriteSize)
    )
  }
}
