import Display

/// What VBE would tell of the framebuffer's mode, for kernels that only know that. There is no interface
/// to call in protected mode.
struct MultibootVBE {
  /// Bytes of ``controllerInformation(at:)``.
  static let controllerInformationSize = 512
  /// Where VBE 2.0 has its strings in that block.
  private static let stringOffset = 256

  private let vbeMode: VBEMode
  private let videoMemorySize: Int

  /// nil if there is no framebuffer, or VBE has no number for its mode.
  init?(_ platform: Platform) {
    guard let (mode, videoMemorySize) = platform.framebuffer,
      let vbeMode = VBEMode.fitting(in: videoMemorySize).first(where: {
        Int($0.width) == mode.width && Int($0.height) == mode.height
          && Int($0.bitsPerPixel) == mode.format.bitsPerPixel && Int($0.stride) == mode.stride
      })
    else { return nil }
    self.vbeMode = vbeMode
    self.videoMemorySize = videoMemorySize
  }

  /// The mode's number, as function 03h tells it.
  var mode: UInt16 { vbeMode.number | VBEMode.linearFramebuffer }

  /// The ModeInfoBlock, 256 bytes.
  var modeInformation: [UInt8] { vbeMode.information(videoMemorySize: videoMemorySize) }

  /// The VbeInfoBlock, for a place below 1 MiB.
  func controllerInformation(at address: UInt32) -> [UInt8] {
    func pointer(_ offset: Int) -> FarPointer {
      let linear = address &+ UInt32(offset)
      return FarPointer(
        UInt16(truncatingIfNeeded: linear >> 4), UInt16(truncatingIfNeeded: linear & 0xF))
    }
    var block = VBEMode.controllerInformation(
      size: Self.controllerInformationSize, name: pointer(Self.stringOffset),
      modeList: pointer(VBEMode.modeListOffset), videoMemorySize: videoMemorySize)
    let name = Array(MultibootInformation.loaderName.utf8)
    block.replaceSubrange(Self.stringOffset..<Self.stringOffset + name.count, with: name)
    return block
  }
}
