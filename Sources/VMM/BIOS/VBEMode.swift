/// A mode of VESA's numbering.
struct VBEMode {
  /// Of a mode's number: it is used by its linear framebuffer.
  static let linearFramebuffer: UInt16 = 1 << 14

  let number: UInt16
  let width: UInt16
  let height: UInt16
  let bitsPerPixel: UInt8

  /// Those of VBE 1.2, and Bochs' and QEMU's numbers for 32 bits.
  static let all: [VBEMode] = {
    let sizes: [(number: UInt16, width: UInt16, height: UInt16)] = [
      (0x10D, 320, 200), (0x110, 640, 480), (0x113, 800, 600), (0x116, 1024, 768),
      (0x119, 1280, 1024),
    ]
    let deep = sizes.flatMap { size in
      [(0, 15), (1, 16), (2, 24)].map { offset, depth in
        VBEMode(
          number: size.number + offset, width: size.width, height: size.height,
          bitsPerPixel: depth)
      }
    }
    let others: [(UInt16, UInt16, UInt16, UInt8)] = [
      (0x100, 640, 400, 8), (0x101, 640, 480, 8), (0x103, 800, 600, 8), (0x105, 1024, 768, 8),
      (0x107, 1280, 1024, 8), (0x140, 320, 200, 32), (0x141, 640, 400, 32),
      (0x142, 640, 480, 32), (0x143, 800, 600, 32), (0x144, 1024, 768, 32),
      (0x145, 1280, 1024, 32), (0x146, 320, 200, 8),
    ]
    return deep
      + others.map { VBEMode(number: $0.0, width: $0.1, height: $0.2, bitsPerPixel: $0.3) }
  }()

  var bytesPerPixel: UInt16 { (UInt16(bitsPerPixel) + 7) / 8 }
  var stride: UInt16 { width * bytesPerPixel }
  var size: Int { Int(stride) * Int(height) }

  /// Size and position of red, green, blue and the rest of a pixel; 0 with a palette.
  var masks: [UInt8] {
    switch bitsPerPixel {
    case 15: [5, 10, 5, 5, 5, 0, 1, 15]
    case 16: [5, 11, 6, 5, 5, 0, 0, 0]
    case 24: [8, 16, 8, 8, 8, 0, 0, 0]
    case 32: [8, 16, 8, 8, 8, 0, 8, 24]
    default: [0, 0, 0, 0, 0, 0, 0, 0]
    }
  }
}
