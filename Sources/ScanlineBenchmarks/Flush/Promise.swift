/// A number that the flush engine must not exceed, or fall below.
struct Promise {
  let label: String
  let value: Double
  let limit: Double
  var unit = ""
  var digits = 1
  /// Whether the value must be at least the limit rather than at most.
  var isFloor = false

  var isMet: Bool { isFloor ? value >= limit : value <= limit }

  /// As a line of a table.
  var line: String {
    let limit = "\(isFloor ? ">=" : "<=") \(limit.fixed(digits))"
    let value = value.fixed(digits).leftPadded(to: 10) + " " + unit.padded(to: 5)
    return "  " + label.padded(to: 62) + value + limit + ": " + (isMet ? "ok" : "missed")
  }
}
