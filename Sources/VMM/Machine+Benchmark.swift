package import Display
package import KVM

/// A machine without sinks, flushed by a benchmark in its own thread and in its own ways.
extension Machine {
  /// One tick as the machine's flusher does it; lends what has changed, if anything has.
  package func flush(_ body: (borrowing Frame, Damage) -> Void = { _, _ in }) {
    flusher?.flush(body)
  }

  /// What is to be flushed; nil if the machine has no framebuffer.
  package var videoSource: VideoSource? { flusher.map { VideoSource($0.video) } }

  /// Stores `value` in RAM at `address`, little endian, while the guest runs. False unless all of it
  /// is RAM.
  package func store(_ value: UInt32, at address: GuestAddress) -> Bool {
    memory.store(value, at: address)
  }
}

/// A machine's video memory and its dirty log, for those who flush in other ways than ours.
package struct VideoSource: Sendable {
  private let video: VideoAdapter
  private let consumer: DirtyLog.Consumer
  private let none: DirtyBitmap

  init(_ video: VideoAdapter) {
    self.video = video
    consumer = video.log.attach()
    none = DirtyBitmap(pageCount: video.log.pageCount)
  }

  package var memory: MemoryRegion { video.memory }
  package var pageCount: Int { video.log.pageCount }
  package var mode: DisplayMode? { video.currentMode().mode }

  /// Replaces `pages` by those written since the last call, and re-arms all of them.
  package func harvest(into pages: inout DirtyBitmap) throws(KVMError) {
    try video.log.harvest(leavingOpen: none)
    video.log.take(consumer, into: &pages)
  }
}
