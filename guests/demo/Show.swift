/// A part of the screen, in pixels.
struct Box {
  let x: Range<Int>
  let y: Range<Int>
}

/// The frames in their order, each with the part of the screen that it can change.
struct Show {
  private static let sunrise = 24
  private static let sweep = 8

  private let width: Int
  private let height: Int
  private var frame = 0
  private var beam: Int

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    beam = Picture(width: width, height: height, rise: 1, beam: 0).wordmarkBox.y.lowerBound
  }

  mutating func next() -> (picture: Picture, box: Box)? {
    defer { frame += 1 }
    if frame <= Self.sunrise {
      // The sun slows down as it comes to its place.
      let left = 1 - Float(frame) / Float(Self.sunrise)
      let picture = Picture(width: width, height: height, rise: 1 - left * left, beam: 0)
      let whole = Box(x: 0..<width, y: 0..<height)
      return (picture, frame == 0 ? whole : picture.sunBox)
    }
    let box = Picture(width: width, height: height, rise: 1, beam: 0).wordmarkBox
    guard beam < box.y.upperBound else { return nil }
    let rows = beam..<min(beam + Self.sweep, box.y.upperBound)
    beam = rows.upperBound
    let picture = Picture(width: width, height: height, rise: 1, beam: beam)
    return (picture, Box(x: box.x, y: rows))
  }
}
