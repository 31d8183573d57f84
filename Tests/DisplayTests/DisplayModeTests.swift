import Display
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DisplayModeTests {
  @Test(arguments: [
    (8, PixelFormat.indexed8, 1), (15, .rgb555, 2), (16, .rgb565, 2), (24, .rgb888, 3),
    (32, .xrgb8888, 4),
  ])
  func depthsSelectFormats(bits: Int, format: PixelFormat, bytes: Int) {
    #expect(PixelFormat(bitsPerPixel: bits) == format)
    #expect(format.bitsPerPixel == bits)
    #expect(format.bytesPerPixel == bytes)
  }

  @Test(arguments: [Int.min, -1, 0, 1, 4, 7, 14, 30, 64, Int.max])
  func otherDepthsHaveNoFormat(bits: Int) {
    #expect(PixelFormat(bitsPerPixel: bits) == nil)
  }

  @Test func windowEndsAfterTheLastVisiblePixel() throws {
    let mode = try #require(
      DisplayMode(
        width: 10, height: 3, format: .rgb888, stride: 100, startOffset: 7, videoMemorySize: 237))
    #expect(mode.rowBytes == 30)
    #expect(mode.window == 7..<237)
  }

  /// The mode of the last test, with one value changed so that it must be refused.
  @Test(arguments: [
    (0, 3, 100, 7, 237), (-1, 3, 100, 7, 237), (Int.max, 3, 100, 7, 237), (34, 3, 100, 7, 9999),
    (10, 0, 100, 7, 237), (10, -3, 100, 7, 237), (10, Int.max, 100, 7, 237),
    (10, 3, 29, 7, 237), (10, 3, -100, 7, 237), (10, 3, 0, 7, 237), (10, 3, Int.max, 7, 237),
    (10, 2, Int.max - 1, 0, Int.max), (10, 3, 100, 8, 237), (10, 3, 100, -1, 237),
    (10, 3, 100, Int.max, 237), (10, 3, 100, 7, 236), (10, 3, 100, 7, 0), (10, 3, 100, 7, -1),
    (16385, 3, 100_000, 7, Int.max), (10, 16385, 100, 7, Int.max),
  ])
  func absurdModesAreRefused(width: Int, height: Int, stride: Int, start: Int, size: Int) {
    #expect(
      DisplayMode(
        width: width, height: height, format: .rgb888, stride: stride, startOffset: start,
        videoMemorySize: size) == nil)
  }
}
