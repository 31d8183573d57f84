@testable import VMM

/// A bzImage put together by hand, each field as a test wants it.
struct BzImage {
  var setupSectors: UInt8 = 1
  var paragraphs: UInt32?
  var bootFlag: UInt16 = 0xAA55
  var jump: UInt8 = 0x6A
  var signature = "HdrS"
  var version: UInt16 = 0x020F
  var kernelVersion = "6.1.0-test (builder)"
  var kernelVersionOffset: UInt16 = 0x100
  var loadFlags: UInt8 = 1
  var code32Start: UInt32 = 0x10_0000
  var initrdAddressMax: UInt32 = 0x7FFF_FFFF
  var isRelocatable = true
  var extendedLoadFlags: UInt16 = 1
  var commandLineSize: UInt32 = 255
  var preferredAddress: UInt64 = 0x100_0000
  var initSize: UInt32 = 0x20_0000
  var kernel = [UInt8](repeating: 0x90, count: 0x300)

  var bytes: [UInt8] {
    var setup = [UInt8](
      repeating: 0, count: setupSectors == 0 ? 5 * 512 : (Int(setupSectors) + 1) * 512)
    func put(_ value: some FixedWidthInteger, _ offset: Int) {
      setup.replaceSubrange(offset..<offset + value.bitWidth / 8, with: little(value))
    }
    put(setupSectors, 0x1F1)
    put(paragraphs ?? UInt32((kernel.count + 15) / 16), 0x1F4)
    put(bootFlag, 0x1FE)
    put(0xEB as UInt8, 0x200)
    put(jump, 0x201)
    setup.replaceSubrange(0x202..<0x206, with: Array(signature.utf8))
    put(version, 0x206)
    put(kernelVersionOffset, 0x20E)
    put(loadFlags, 0x211)
    put(code32Start, 0x214)
    put(initrdAddressMax, 0x22C)
    put(0x20_0000 as UInt32, 0x230)
    put(isRelocatable ? 1 : 0 as UInt8, 0x234)
    put(extendedLoadFlags, 0x236)
    put(commandLineSize, 0x238)
    put(preferredAddress, 0x258)
    put(initSize, 0x260)
    let text = Array(kernelVersion.utf8) + [0]
    setup.replaceSubrange(0x300..<0x300 + text.count, with: text)
    return setup + kernel
  }

  var file: ImageFile { ImageFile(name: "vmlinuz", bytes: bytes) }

  /// One with another field or two.
  static func with(_ change: (inout BzImage) -> Void) -> BzImage {
    var image = BzImage()
    change(&image)
    return image
  }
}
