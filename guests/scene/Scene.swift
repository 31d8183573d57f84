struct Box {
  var x: Range<Int>
  var y: Range<Int>

  func union(_ other: Box) -> Box {
    Box(
      x: min(x.lowerBound, other.x.lowerBound)..<max(x.upperBound, other.x.upperBound),
      y: min(y.lowerBound, other.y.lowerBound)..<max(y.upperBound, other.y.upperBound))
  }
}

struct Ball {
  let color: SIMD3<Float>
  let radius: Float
  /// Bounces take this many frames, and begin at this one.
  let period: Int
  let phase: Int
  /// Crossing the screen takes this many frames.
  let crossing: Int
}

struct Scene {
  let width: Int
  let height: Int
  let balls: InlineArray<3, Ball> = [
    Ball(color: SIMD3(0.98, 0.35, 0.25), radius: 84, period: 60, phase: 0, crossing: 170),
    Ball(color: SIMD3(0.25, 0.70, 0.98), radius: 60, period: 48, phase: 17, crossing: 120),
    Ball(color: SIMD3(0.99, 0.80, 0.25), radius: 44, period: 40, phase: 29, crossing: 90),
  ]
  private let light = SIMD3<Float>(-0.48, -0.64, 0.6)

  private var floor: Float { Float(height) * 0.86 }

  func box(of index: Int, at frame: Int) -> Box {
    let ball = balls[index]
    let center = center(of: ball, at: frame)
    let reach = ball.radius + 2
    return Box(
      x: (Int(center.x - reach)..<Int(center.x + reach)).clamped(to: 0..<width),
      y: (Int(center.y - reach)..<Int(center.y + reach)).clamped(to: 0..<height))
  }

  func draw(_ box: Box, at frame: Int, on screen: Screen) {
    for y in box.y {
      for x in box.x {
        var color = background(y)
        for index in balls.indices {
          color = blend(balls[index], over: color, x: x, y: y, frame: frame)
        }
        let scaled = color * 255
        screen[x, y] = rgb(Int(scaled.x), Int(scaled.y), Int(scaled.z))
      }
    }
  }

  /// To and fro at constant speed, up and down under gravity.
  private func center(of ball: Ball, at frame: Int) -> SIMD2<Float> {
    let run = Float((frame + ball.phase) % (2 * ball.crossing)) / Float(ball.crossing)
    let across = run < 1 ? run : 2 - run
    let bounce = Float((frame + ball.phase) % ball.period) / Float(ball.period)
    let up = 4 * bounce * (1 - bounce)
    return SIMD2(
      ball.radius + across * (Float(width) - 2 * ball.radius),
      floor - ball.radius - up * (floor - 2.4 * ball.radius))
  }

  private func background(_ y: Int) -> SIMD3<Float> {
    let distance = (Float(y) - floor) / Float(height)
    let wall = SIMD3<Float>(0.10, 0.12, 0.22)
    return distance < 0
      ? wall * (1.2 + 1.2 * distance) : wall * 2 * (1 - 3 * distance)
  }

  private func blend(
    _ ball: Ball, over color: SIMD3<Float>, x: Int, y: Int, frame: Int
  ) -> SIMD3<Float> {
    let offset = SIMD2(Float(x), Float(y)) - center(of: ball, at: frame)
    let distance = (offset * offset).sum().squareRoot()
    let coverage = min(max(ball.radius - distance + 0.5, 0), 1)
    guard coverage > 0 else { return color }
    let flat = offset / max(ball.radius, distance)
    let normal = SIMD3(flat.x, flat.y, max(1 - (flat * flat).sum(), 0).squareRoot())
    let towards = max((normal * light).sum(), 0)
    let square = towards * towards
    let shine = square * square * square * square * square * square * square * square
    let lit = ball.color * (0.18 + 0.78 * towards) + SIMD3(repeating: 0.6 * shine)
    return color + (lit.clamped(lowerBound: .zero, upperBound: .one) - color) * coverage
  }
}
