import Display
import KVM
import VMM

/// Bytes that ticks have touched.
struct TouchedBytes {
  var compared = 0
  var copied = 0

  var sum: Int { compared + copied }

  static func - (left: Self, right: Self) -> Self {
    Self(compared: left.compared - right.compared, copied: left.copied - right.copied)
  }
}

/// A way to keep a copy of the screen up to date.
protocol FlushStrategy: AnyObject {
  func tick() throws
  /// By all ticks so far.
  var touched: TouchedBytes { get }
}

/// Who is compared.
enum Contender: String, CaseIterable {
  /// Nobody looks: the guest's own speed.
  case untracked
  /// Copies the frame at every tick: kvmtool's way.
  case redraw
  /// Compares the frame at every tick: bhyve's way, with a comparison in place of its checksums.
  case compare
  /// Re-arms all dirty pages, and takes everything from the first to the last dirty scanline: the
  /// way of QEMU's generic display helper.
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
    case .ours: return MachineFlush(machine)
    }
  }
}

private final class RedrawEverything: FlushStrategy {
  private let copy: FrameCopy
  private(set) var touched = TouchedBytes()

  init(_ copy: FrameCopy) { self.copy = copy }

  func tick() {
    copy.takeAll()
    touched.copied += copy.size
  }
}

private final class CompareEverything: FlushStrategy {
  private let copy: FrameCopy
  private(set) var touched = TouchedBytes()

  init(_ copy: FrameCopy) { self.copy = copy }

  func tick() {
    touched.compared += copy.size
    for line in 0..<copy.mode.height where !copy.isCurrent(line) {
      copy.take(line)
      touched.copied += copy.mode.rowBytes
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

  func tick() throws {
    try copy.source.harvest(into: &pages)
    var first: Int?
    var last = 0
    for line in 0..<copy.mode.height where isDirty(line) {
      first = first ?? line
      last = line
    }
    guard let first else { return }
    for line in first...last { copy.take(line) }
    touched.copied += (last - first + 1) * copy.mode.rowBytes
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

  init(_ machine: Machine) { self.machine = machine }

  func tick() { machine.flush() }

  var touched: TouchedBytes {
    let frames = machine.flushStatistics?.frames ?? FrameStatistics()
    return TouchedBytes(compared: Int(frames.bytesCompared), copied: Int(frames.bytesCopied))
  }
}
