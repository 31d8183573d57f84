/// Named values in a row.
func row(_ values: [(String, UInt64)]) -> String {
  values.map { "\($0) \(pad($1, 16))" }.joined(separator: "  ")
}

/// What spaces separate in `text`.
func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

/// The items of a list, with its commas.
func listed(_ items: [String]) -> [String] {
  items.dropLast().map { "\($0)," } + items.suffix(1)
}

/// `pieces` in lines of at most 78 characters; all but the first begin with `indent`.
func wrapped(_ pieces: [String], indent: String = "") -> [String] {
  var lines: [String] = []
  for piece in pieces {
    if let last = lines.last, last.count + 1 + piece.count <= 78 {
      lines[lines.count - 1] = "\(last) \(piece)"
    } else {
      lines.append(lines.isEmpty ? piece : indent + piece)
    }
  }
  return lines
}

/// Hexadecimal without prefix, padded to `digits`.
func pad(_ value: some FixedWidthInteger, _ digits: Int) -> String {
  String(value.hexadecimal(digits: digits).dropFirst(2))
}
