import KVM

/// The physical memory that the assist reads and writes: RAM and video memory.
struct AssistMemory: Sendable {
  let ram: GuestMemory
  /// nil for a machine without a framebuffer.
  var video: VideoAdapter?

  /// `count` bytes at `address`; nil unless all of them are memory of one kind.
  func read(_ count: Int, at address: UInt64) -> [UInt8]? {
    if let bytes = ram.read(count, at: GuestAddress(address)) { return bytes }
    guard let video, let range = videoRange(count, at: address) else { return nil }
    return unsafe [UInt8](video.memory.bytes[range])
  }

  /// Whether ``write(_:at:)`` of `count` bytes would succeed.
  func contains(_ count: Int, at address: UInt64) -> Bool {
    read(count, at: address) != nil
  }

  /// Stores `bytes`. False, and nothing is written, unless all of it is memory of one kind.
  func write(_ bytes: [UInt8], at address: UInt64) -> Bool {
    if ram.write(bytes, at: GuestAddress(address)) { return true }
    guard let video, let range = videoRange(bytes.count, at: address) else { return false }
    unsafe UnsafeMutableRawBufferPointer(rebasing: video.memory.bytes[range])
      .copyBytes(from: bytes)
    // The dirty log knows nothing of the host's own writes (R4).
    video.log.markHostWrite(range)
    return true
  }

  private func videoRange(_ count: Int, at address: UInt64) -> Range<Int>? {
    let start = address &- MemoryMap.framebuffer.rawValue
    guard let size = video?.memory.size, count >= 0, start <= UInt64(size),
      count <= size - Int(start)
    else { return nil }
    return Int(start)..<Int(start) + count
  }
}
