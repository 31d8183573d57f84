/// Columns of text: the first one to the left, the others to the right.
enum Table {
  static func lines(header: [String], rows: [[String]]) -> [String] {
    let rows = [header] + rows
    let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }
  }
}
