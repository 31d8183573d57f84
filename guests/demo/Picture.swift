/// The picture at one moment. It is composed on a plane 768 units high, whatever the screen's size,
/// with `u` to the right of the middle and `v` down from the top.
struct Picture {
  private let width: Int
  private let height: Int
  private let unitsPerPixel: Float
  private let sun: Sun
  /// The wordmark shows above this scanline.
  private let beam: Int

  /// `rise` takes the sun from 0 to its final place at 1; the beam has written the wordmark down to
  /// the scanline `beam`.
  init(width: Int, height: Int, rise: Float, beam: Int) {
    self.width = width
    self.height = height
    unitsPerPixel = 768 / Float(height)
    sun = Sun(rise: rise)
    self.beam = beam
  }

  /// Where a rising sun changes the picture.
  var sunBox: Box {
    box(
      halfWidth: Sun.radius + 1, top: sun.center - Sun.radius - 1,
      bottom: Ground.horizon + 1)
  }

  var wordmarkBox: Box {
    box(
      halfWidth: Wordmark.halfWidth, top: Wordmark.top - Wordmark.reach.above,
      bottom: Wordmark.top + Wordmark.height + Wordmark.reach.below - 1)
  }

  private func box(halfWidth: Float, top: Float, bottom: Float) -> Box {
    let middle = Float(width) / 2
    let half = halfWidth / unitsPerPixel
    return Box(
      x: (Int(middle - half)..<Int(middle + half) + 1).clamped(to: 0..<width),
      y: (Int(top / unitsPerPixel)..<Int(bottom / unitsPerPixel) + 1).clamped(to: 0..<height))
  }

  /// What all pixels of a scanline share.
  struct Line {
    let v: Float
    let sky: Color
    let sun: Color
  }

  func line(_ y: Int) -> Line {
    let v = (Float(y) + 0.5) * unitsPerPixel
    return Line(v: v, sky: Sky.background(v), sun: sun.color(v))
  }

  func pixel(x: Int, y: Int, line: Line) -> UInt32 {
    let u = (Float(x) + 0.5 - Float(width) / 2) * unitsPerPixel
    var color = line.v < Ground.horizon ? air(u, line) : Ground.color(u, line.v)
    if y < beam { color = Wordmark.draw(over: color, u, line.v) }
    return quantized(vignette(color, u, line.v), x, y)
  }

  private func air(_ u: Float, _ line: Line) -> Color {
    let disc = sun.coverage(u, line.v)
    var color = line.sun
    if disc < 1 {
      let sky = line.sky + Sun.glow(u, line.v)
      color = (sun.covers(u, line.v) ? sky : sky + Sky.stars(u, line.v)).mixed(with: color, disc)
    }
    return Mountains.draw(over: color, u, line.v)
  }

  private func vignette(_ color: Color, _ u: Float, _ v: Float) -> Color {
    let x = u / 512
    let y = (v - 384) / 384
    let squared = (x * x + y * y) * 0.5
    return color * (1 - 0.32 * squared * squared)
  }

  /// To 8 bits a channel, with an ordered 2x2 dither against banding in the dark sky.
  private func quantized(_ color: Color, _ x: Int, _ y: Int) -> UInt32 {
    let threshold = Float((x & 1) * 2 ^ (y & 1) * 3) / 4 + 0.125
    let scaled = color.clamped(lowerBound: .zero, upperBound: .one) * 255
    return rgb(
      Int(min(scaled.x + threshold, 255)), Int(min(scaled.y + threshold, 255)),
      Int(min(scaled.z + threshold, 255)))
  }
}
