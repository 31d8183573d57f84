extension ExitRecord {
  /// The longest cycle that is looked for.
  private static let longestCycle = 8

  /// The end of `records` that they repeat all the time; all of them if they do not.
  static func cycle(of records: [ExitRecord]) -> ArraySlice<ExitRecord> {
    let length = (1...longestCycle).first { length in
      records.count >= 3 * length && zip(records, records.dropFirst(length)).allSatisfy(==)
    }
    return records.suffix(length ?? records.count)
  }

  /// One text for each access, or for several in a row that are the same.
  static func summaries(of records: some Sequence<ExitRecord>) -> [String] {
    var groups: [(record: ExitRecord, times: Int)] = []
    for record in records {
      if let last = groups.last, last.record == record {
        groups[groups.count - 1].times += 1
      } else {
        groups.append((record, 1))
      }
    }
    return groups.map { record, times in
      times == 1 ? record.summary : "\(record.summary) (\(times) times)"
    }
  }

  /// `out 3f8 48`: port or address, value in as many digits as it has; elements of strings.
  private var summary: String {
    let name =
      switch kind {
      case .in: "in"
      case .out: "out"
      case .load: "load"
      case .store: "store"
      }
    let text = "\(name) \(pad(address, 1)) \(pad(value, size * 2))"
    return count == 1 ? text : "rep \(text) and \(count - 1) more"
  }
}
