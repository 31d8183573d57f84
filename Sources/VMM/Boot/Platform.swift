import Display

/// The machine as a boot protocol describes it to its guest.
struct Platform: Sendable {
  /// RAM from address 0, bytes.
  var memoryBelow4GiB: UInt64
  /// RAM from 4 GiB up, bytes.
  var memoryAbove4GiB: UInt64
  /// nil if there is no framebuffer. It lies at ``MemoryMap/framebuffer``.
  var framebuffer: (mode: DisplayMode, videoMemorySize: Int)?
  var cpuCount: Int
  var commandLine: String
  /// The characters that a VGA shows, from ``MemoryMap/vgaText`` on; nil if it shows none, or there is
  /// a framebuffer.
  var textScreen: TextScreenSize? = nil
}

/// What a VGA shows in a text mode.
struct TextScreenSize: Equatable, Sendable {
  /// Characters.
  var columns: Int
  /// Characters.
  var rows: Int
  /// Scanlines of a character.
  var characterHeight: Int
}

extension Platform {
  /// A machine with `memory`.
  init(
    _ memory: GuestMemory, framebuffer: (mode: DisplayMode, videoMemorySize: Int)? = nil,
    cpuCount: Int, commandLine: String, textScreen: TextScreenSize? = nil
  ) {
    self.init(
      memoryBelow4GiB: UInt64(memory.sizeBelow4GiB),
      memoryAbove4GiB: UInt64(memory.sizeAbove4GiB), framebuffer: framebuffer,
      cpuCount: cpuCount, commandLine: commandLine, textScreen: textScreen)
  }
}
