import Devices

/// What lies where in a machine's guest physical memory.
public struct PhysicalMap: Sendable {
  /// What answers at an address.
  public enum Place: Sendable {
    case ram
    /// The linear framebuffer or a VGA's memory.
    case framebuffer
    /// Neither of them: a device, or nothing.
    case nothing
  }

  let memory: GuestMemory
  /// Bytes of video memory from ``MemoryMap/framebuffer`` on.
  let framebufferSize: UInt64
  let hasVGA: Bool

  /// - Parameters:
  ///   - framebufferSize: In bytes; 0 for a machine without a framebuffer.
  ///   - hasVGA: Whether there is a VGA's memory at 0xA0000.
  public init(memory: GuestMemory, framebufferSize: UInt64, hasVGA: Bool = false) {
    self.memory = memory
    self.framebufferSize = framebufferSize
    self.hasVGA = hasVGA
  }

  /// What answers at `address`.
  public func place(of address: UInt64) -> Place {
    if memory.ranges.contains(where: { address &- $0.start.rawValue < UInt64($0.size) }) {
      return .ram
    }
    let isVideo =
      address &- MemoryMap.framebuffer.rawValue < framebufferSize
      || hasVGA && address &- MemoryMap.vgaWindow.rawValue < UInt64(VGA.memorySize)
    return isVideo ? .framebuffer : .nothing
  }
}
