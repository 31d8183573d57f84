/// What one contender took, once a round, in the order of the rounds.
struct Samples {
  private(set) var values: [Double] = []

  init(values: [Double] = []) {
    self.values = values
  }

  mutating func append(_ value: Double) {
    values.append(value)
  }

  var minimum: Double { values.min() ?? .nan }
  var median: Double { Self.median(values) }
  var maximum: Double { values.max() ?? .nan }

  /// The median of the rounds' own ratios. What slows the machine down for a while slows both of a
  /// round, so this is steadier than the ratio of the medians.
  func ratio(to reference: Samples) -> Double {
    Self.median(zip(values, reference.values).map { $0 / $1 })
  }

  private static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// Measures the contenders side by side: A B, B A, A B ... The order alternates so that none
/// always pays for what the same other one left behind. A first round warms up and does not count.
///
/// - Parameter contenders: Each measures itself once a call.
/// - Returns: Their samples, in the order of `contenders`.
func interleave(rounds: Int, _ contenders: [() throws -> Double]) throws -> [Samples] {
  var samples = contenders.map { _ in Samples() }
  for round in 0...rounds {
    let order = round % 2 == 0 ? Array(contenders.indices) : contenders.indices.reversed()
    for index in order {
      let value = try contenders[index]()
      if round > 0 { samples[index].append(value) }
    }
  }
  return samples
}
