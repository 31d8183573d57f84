/// What lies where in a machine's guest physical memory.
public struct PhysicalMap: Sendable {
  /// What answers at an address.
  public enum Place: Sendable {
    case ram
    case framebuffer
    /// Neither of them: a device, or nothing.
    case nothing
  }

  let memory: GuestMemory
  /// Bytes of video memory from ``MemoryMap/framebuffer`` on.
  let videoMemorySize: UInt64

  /// - Parameter videoMemorySize: In bytes; 0 for a machine without a framebuffer.
  public init(memory: GuestMemory, videoMemorySize: UInt64) {
    self.memory = memory
    self.videoMemorySize = videoMemorySize
  }

  /// What answers at `address`.
  public func place(of address: UInt64) -> Place {
    if memory.ranges.contains(where: { address &- $0.start.rawValue < UInt64($0.size) }) {
      return .ram
    }
    return address &- MemoryMap.framebuffer.rawValue < videoMemorySize ? .framebuffer : .nothing
  }
}
