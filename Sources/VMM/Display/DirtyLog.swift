import KVM
import Synchronization

/// The pages of video memory that changed since the last harvest.
///
/// KVM's log is consumed by reading it, so there is one owner of this object, and nobody else calls
/// the ioctl (R5). What it promises and what it does not:
///
/// - **R1, re-arm before you read.** ``harvest(into:)`` has re-protected the pages that it reports
///   when it returns. Only then read them: a write that comes during the reading is in a later
///   harvest. The other order loses updates for good.
/// - **R2, a running harvest is a lower bound.** A page can be written and not yet logged. What one
///   harvest misses a later one brings, and while a vCPU runs no number of harvests is enough.
/// - **R3, exact means stopped.** Once every vCPU has left `KVM_RUN` and completed its pending I/O,
///   one last harvest reports all that is left.
/// - **R4, the host's own writes are never logged.** Whoever writes to video memory through the
///   host's mapping calls ``markHostWrite(_:)`` afterwards.
final class DirtyLog: Sendable {
  private let slot: MemorySlot
  private let hostWrites: Mutex<DirtyBitmap>

  /// - Parameter slot: Logs dirty pages.
  init(_ slot: consuming MemorySlot) {
    let pageCount = slot.pageCount
    self.slot = slot
    hostWrites = Mutex(DirtyBitmap(pageCount: pageCount))
  }

  var pageCount: Int { slot.pageCount }

  /// Replaces `pages` by what changed since the last harvest, and re-arms it.
  func harvest(into pages: inout DirtyBitmap) throws(KVMError) {
    try slot.getDirtyLog(into: &pages)
    hostWrites.withLock { marked in
      guard !marked.isEmpty else { return }
      pages.formUnion(marked)
      marked.removeAll()
    }
  }

  /// Reports the pages of `bytes` with the next harvest (R4). Call it after the write, so that
  /// whoever harvests sees what was written.
  func markHostWrite(_ bytes: Range<Int>) {
    guard !bytes.isEmpty else { return }
    hostWrites.withLock { marked in
      for page in bytes.lowerBound / 4096...(bytes.upperBound - 1) / 4096 {
        marked.insert(page)
      }
    }
  }
}
