/// A promise of the project: a number that must not be exceeded.
enum Target {
  /// Of the row's median of pairwise ratios to the reference.
  case ratio(Double)
  /// Of the row's median.
  case median(Double)
  /// Of the row's minimum: for pure computation, which only others can make slower.
  case minimum(Double)
}

/// One contender's line in a figure.
struct Row {
  let label: String
  let samples: Samples
  /// To the reference; nil for the reference itself.
  var ratio: Double?
  var target: Target?

  /// nil without a target.
  var isMet: Bool? {
    switch target {
    case .ratio(let limit): (ratio ?? .infinity) <= limit
    case .median(let limit): samples.median <= limit
    case .minimum(let limit): samples.minimum <= limit
    case nil: nil
    }
  }
}

/// A table of contenders that were measured together.
struct Figure {
  let title: String
  let unit: String
  /// Digits after the decimal point of what is measured.
  let digits: Int
  var rows: [Row] = []

  var isMissed: Bool { rows.contains { $0.isMet == false } }

  /// The table as text.
  var lines: [String] {
    let labelWidth = rows.map(\.label.count).max() ?? 0
    let heading = ["min", "median", "max", "ratio"].map { $0.leftPadded(to: 9) }.joined()
    return ["", "\(title), \(unit)", "  ".padded(to: labelWidth + 2) + heading + "  target"]
      + rows.map { row in
        let numbers = [row.samples.minimum, row.samples.median, row.samples.maximum]
          .map { $0.fixed(digits).leftPadded(to: 9) }
        let ratio = (row.ratio.map { $0.fixed(3) } ?? "").leftPadded(to: 9)
        return "  " + row.label.padded(to: labelWidth) + numbers.joined() + ratio
          + verdict(of: row)
      }
  }

  private func verdict(of row: Row) -> String {
    guard let target = row.target, let isMet = row.isMet else { return "" }
    let limit =
      switch target {
      case .ratio(let limit): "ratio <= \(limit.fixed(2))"
      case .median(let limit): "median <= \(limit.fixed(0))"
      case .minimum(let limit): "min <= \(limit.fixed(0))"
      }
    return "  \(limit): \(isMet ? "ok" : "missed")"
  }
}

extension Double {
  /// With a fixed number of decimals, rounded.
  func fixed(_ digits: Int) -> String {
    guard isFinite, abs(self) < 1e12 else { return "-" }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(self) * Double(scale)).rounded())
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
