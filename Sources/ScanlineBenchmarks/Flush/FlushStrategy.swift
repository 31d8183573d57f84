import Display
import KVM
import VMM

/// Bytes that ticks have touched.
struct TouchedBytes {
  var compared = 0
  /// Into the copy of the screen.
  var copied = 0
  /// From the copy to the display.
  var shown = 0

  static func - (left: Self, right: Self) -> Self {
    Self(
      compared: left.compared - right.compared, copied: left.copied - right.copied,
      shown: left.shown - right.shown)
  }
}

/// A way to keep a copy of the screen, and with it a display, up to date.
protocol FlushStrategy: AnyObject {
  func tick() throws
  /// By all ticks so far.
  var touched: TouchedBytes { get }
  var surface: DisplaySurface { get }
}

/// Who is compared.
enum Contender: String, CaseIterable {
  /// Nobody looks: the guest's own speed.
  case untracked
  /// Copies the frame at every tick: kvmtool's way.
  case redraw
  /// Compares the frame at every tick: bhyve's way, with a comparison in place of its checksums.
  case compare
  /// Re-arms all dirty pages, copies the dirty scanlines, and shows everything from the first to the
  /// last of them: the way of QEMU's generic display helper.
  case merge
  /// What a machine does.
  case ours

  var label: String {
    switch self {
    case .untracked: "untracked"
    case .redraw: "redraw"
    case .compare: "compare"
    case .merge: "merge"
    case .ours: "ours"
    }
  }

  /// What it needs to have logged.
  func log(best: DirtyLogInterface) -> DirtyLogInterface? {
    switch self {
    case .untracked, .redraw, .compare: nil
    case .merge: .bitmap
    case .ours: best
    }
  }

  func strategy(for machine: Machine) throws -> (any FlushStrategy)? {
    guard self != .untracked else { return nil }
    guard let source = machine.videoSource, let mode = source.mode else {
      throw BenchmarkError("the machine shows nothing")
    }
    switch self {
    case .untracked: return nil
    case .redraw: return RedrawEverything(try FrameCopy(source, mode))
    case .compare: return CompareEverything(try FrameCopy(source, mode))
    case .merge: return MergeDirtyLines(try FrameCopy(source, mode))
    case .ours: return MachineFlush(machine, mode)
    }
  }
}

private final class RedrawEverything: FlushStrategy {
  private let copy: FrameCopy
  private(set) var touched = TouchedBytes()

  init(_ copy: FrameCopy) { self.copy = copy }

  var surface: DisplaySurface { copy.surface }

  func tick() {
    copy.takeAll()
    touched.copied += copy.size
    touched.shown += copy.show(0..<copy.mode.height)
  }
}

private final class CompareEverything: FlushStrategy {
  private let copy: FrameCopy
  private(set) var touched = TouchedBytes()

  init(_ copy: FrameCopy) { self.copy = copy }

  var surface: DisplaySurface { copy.surface }

  func tick() {
    touched.compared += copy.size
    for line in 0..<copy.mode.height where !copy.isCurrent(line) {
      copy.take(line)
      touched.copied += copy.mode.rowBytes
      touched.shown += copy.show(line..<(line + 1))
    }
  }
}

private final class MergeDirtyLines: FlushStrategy {
  private let copy: FrameCopy
  private var pages: DirtyBitmap
  private(set) var touched = TouchedBytes()

  init(_ copy: FrameCopy) {
    self.copy = copy
    pages = DirtyBitmap(pageCount: copy.source.pageCount)
  }

  var surface: DisplaySurface { copy.surface }

  func tick() throws {
    try copy.source.harvest(into: &pages)
    var first: Int?
    var last = 0
    for line in 0..<copy.mode.height where isDirty(line) {
      copy.take(line)
      touched.copied += copy.mode.rowBytes
      first = first ?? line
      last = line
    }
    guard let first else { return }
    touched.shown += copy.show(first..<(last + 1))
  }

  private func isDirty(_ line: Int) -> Bool {
    let bytes = copy.bytes(ofLine: line)
    let lastPage = (bytes.upperBound - 1) / MemorySlot.pageSize
    for page in bytes.lowerBound / MemorySlot.pageSize...lastPage {
      if pages.words[page / 64] >> UInt64(page % 64) & 1 != 0 { return true }
    }
    return false
  }
}

private final class MachineFlush: FlushStrategy {
  private let machine: Machine

  let surface: DisplaySurface

  init(_ machine: Machine, _ mode: DisplayMode) {
    self.machine = machine
    surface = DisplaySurface(mode)
  }

  func tick() {
    machine.flush { frame, damage in surface.take(damage, of: frame) }
  }

  var touched: TouchedBytes {
    let frames = machine.flushStatistics?.frames ?? FrameStatistics()
    return TouchedBytes(
      compared: Int(frames.bytesCompared), copied: Int(frames.bytesCopied), shown: surface.bytes)
  }
}
