/// The linear framebuffer: `height` scanlines of `width` pixels, 32 bits each.
@safe struct Screen {
  let width: Int
  let height: Int
  private let pixels: UnsafeMutablePointer<UInt32>
  private let pixelsPerLine: Int

  init(_ info: BootInfo) {
    width = Int(info.width)
    height = Int(info.height)
    pixelsPerLine = Int(info.stride) / 4
    guard
      let address = unsafe UnsafeMutablePointer<UInt32>(bitPattern: UInt(info.framebufferAddress)),
      width <= pixelsPerLine,
      UInt64(height) * UInt64(info.stride) <= info.videoMemorySize
    else {
      preconditionFailure("the boot-information block contradicts itself")
    }
    unsafe pixels = address
  }

  /// One pixel, `0xRRGGBB`. Traps outside the visible frame.
  subscript(x: Int, y: Int) -> UInt32 {
    get {
      precondition(x >= 0 && x < width && y >= 0 && y < height)
      return unsafe pixels[y &* pixelsPerLine &+ x]
    }
    nonmutating set {
      precondition(x >= 0 && x < width && y >= 0 && y < height)
      unsafe pixels[y &* pixelsPerLine &+ x] = newValue
    }
  }
}

/// A pixel of 8 bits per channel.
func rgb(_ red: Int, _ green: Int, _ blue: Int) -> UInt32 {
  UInt32(truncatingIfNeeded: red << 16 | green << 8 | blue)
}
