import CZlib
import Display
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ImageEncoderTests {
  /// One line of the brightest red, green and blue, a middle value, and black.
  static let colors: [(PixelFormat, [UInt8], [UInt8])] = [
    (.indexed8, [1, 2, 3, 4, 0], [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 0, 0, 0]),
    (
      .rgb555, [0x00, 0x7C, 0xE0, 0x03, 0x1F, 0x00, 0x10, 0x42, 0x00, 0x80],
      [255, 0, 0, 0, 255, 0, 0, 0, 255, 132, 132, 132, 0, 0, 0]
    ),
    (
      .rgb565, [0x00, 0xF8, 0xE0, 0x07, 0x1F, 0x00, 0x10, 0x84, 0x00, 0x00],
      [255, 0, 0, 0, 255, 0, 0, 0, 255, 132, 130, 132, 0, 0, 0]
    ),
    (
      .rgb888, [0, 0, 255, 0, 255, 0, 255, 0, 0, 30, 20, 10, 0, 0, 0],
      [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 0, 0, 0]
    ),
    (
      .xrgb8888, [0, 0, 255, 9, 0, 255, 0, 9, 255, 0, 0, 9, 30, 20, 10, 9, 0, 0, 0, 9],
      [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 0, 0, 0]
    ),
  ]

  /// A tracker that shows `height` lines of `pixels`.
  private func show(
    _ pixels: [UInt8], _ format: PixelFormat, width: Int, height: Int
  ) throws -> FrameTracker {
    var memory = VideoMemory(size: max(pixels.count, 4096))
    memory.write(pixels, at: 0)
    let mode = try #require(
      DisplayMode(
        width: width, height: height, format: format, stride: width * format.bytesPerPixel,
        startOffset: 0, videoMemorySize: pixels.count))
    var palette = Palette()
    palette[1] = RGB(red: 255, green: 0, blue: 0)
    palette[2] = RGB(red: 0, green: 255, blue: 0)
    palette[3] = RGB(red: 0, green: 0, blue: 255)
    palette[4] = RGB(red: 10, green: 20, blue: 30)
    var tracker = FrameTracker()
    tracker.setMode(mode, palette: palette)
    tracker.tick(&memory)
    return tracker
  }

  private func noise(count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in .random(in: 0...255, using: &random) }
  }

  @Test(arguments: colors)
  func ppmBytesAreExact(format: PixelFormat, pixels: [UInt8], rgb: [UInt8]) throws {
    let tracker = try show(pixels + pixels, format, width: 5, height: 2)
    #expect(try PPMEncoder().file(of: tracker.frame) == Array("P6\n5 2\n255\n".utf8) + rgb + rgb)
  }

  @Test(arguments: colors)
  func pixelsHaveTheirColors(format: PixelFormat, pixels: [UInt8], rgb: [UInt8]) throws {
    let tracker = try show(pixels, format, width: 5, height: 1)
    for x in 0..<5 {
      #expect(
        tracker.frame.rgb(x: x, y: 0)
          == RGB(red: rgb[3 * x], green: rgb[3 * x + 1], blue: rgb[3 * x + 2]))
    }
  }

  @Test(arguments: colors)
  func aPartOfARowIsConverted(format: PixelFormat, pixels: [UInt8], rgb: [UInt8]) throws {
    let tracker = try show(pixels, format, width: 5, height: 1)
    var row = [UInt8](repeating: 0xEE, count: 7)
    var output = row.mutableSpan
    tracker.frame.copyRGBRow(0, columns: 2..<4, into: &output)
    #expect(row == rgb[6..<12] + [0xEE], "and nothing is written behind it")
  }

  @Test(arguments: PixelFormat.allCases)
  func pngShowsWhatPPMShows(format: PixelFormat) throws {
    for (width, height) in [(1, 1), (1, 7), (33, 1), (64, 48)] {
      let pixels = noise(count: width * height * format.bytesPerPixel, seed: UInt64(width))
      let tracker = try show(pixels, format, width: width, height: height)
      let ppm = try PPMEncoder().file(of: tracker.frame)
      let png = try #require(PNGImage(file: PNGEncoder().file(of: tracker.frame)))
      #expect(png.width == width && png.height == height)
      #expect(png.rgb == Array(ppm.suffix(3 * width * height)))
    }
  }

  @Test func largePicturesTakeSeveralPieces() throws {
    let (width, height) = (300, 200)
    let pixels = noise(count: width * height * 3, seed: 1)
    let tracker = try show(pixels, .rgb888, width: width, height: height)
    for encoder in PictureFormat.encoders {
      var sizes: [Int] = []
      try encoder.encode(tracker.frame) { sizes.append($0.count) }
      #expect(sizes.count > 2, "\(encoder.fileExtension)")
      #expect(sizes.allSatisfy { $0 <= 65536 + 12 }, "\(encoder.fileExtension): \(sizes)")
    }
    let png = try #require(PNGImage(file: PNGEncoder().file(of: tracker.frame)))
    let ppm = try PPMEncoder().file(of: tracker.frame)
    #expect(png.imageDataChunks > 1)
    #expect(png.rgb == Array(ppm.suffix(3 * width * height)))
  }

  @Test func pngIsSmallForSimplePictures() throws {
    let line = (0..<200 as Range<UInt8>).flatMap { x -> [UInt8] in [x, 0, x] }
    let tracker = try show(
      Array(repeatElement(line, count: 200).joined()), .rgb888, width: 200, height: 200)
    #expect(try PNGEncoder().file(of: tracker.frame).count < 1000)
  }

  @Test func aDisplayThatIsOffHasNoImage() {
    for encoder in PictureFormat.encoders {
      var pieces = 0
      #expect("\(encoder.fileExtension)") {
        try encoder.encode(Frame()) { _ in pieces += 1 }
      } throws: { error in
        guard let error = error as? ImageEncodingError<Never>, case .emptyFrame = error
        else { return false }
        return true
      }
      #expect(pieces == 0)
    }
  }

  @Test func aFailingWriterEndsIt() throws {
    struct DiskFull: Error {}
    let tracker = try show(noise(count: 30000, seed: 2), .rgb888, width: 100, height: 100)
    for encoder in PictureFormat.encoders {
      var pieces = 0
      do throws(ImageEncodingError<DiskFull>) {
        try encoder.encode(tracker.frame) { (_) throws(DiskFull) in
          pieces += 1
          throw DiskFull()
        }
        Issue.record("\(encoder.fileExtension): the error is lost")
      } catch {
        guard case .write = error else {
          Issue.record("\(encoder.fileExtension): \(error)")
          continue
        }
      }
      #expect(pieces == 1, "\(encoder.fileExtension)")
    }
  }

  @Test func encodersAreFoundByFileExtension() {
    #expect(PictureFormat.encoder(forFileExtension: "ppm") is PPMEncoder)
    #expect(PictureFormat.encoder(forFileExtension: "PNG") is PNGEncoder)
    #expect(PictureFormat.encoder(forFileExtension: "jpeg") == nil)
    #expect(PictureFormat.encoder(forFileExtension: "") == nil)
  }
}
