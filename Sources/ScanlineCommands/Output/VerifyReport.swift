import VMM

/// What `verify` tells of a host's dirty logs.
struct VerifyReport: Report {
  /// One interface at one privilege level.
  struct Configuration: Encodable {
    let dirtyLog: String
    let cpl: Int
    let harvests: UInt64
    let stops: UInt64
    let stores: UInt64
    let pagesReported: UInt64
    let lateReports: UInt64
    let longestLateness: UInt64
    let lateAtStop: UInt64
    let lostPages: UInt64
  }

  let order: String
  let cpus: Int
  let pages: Int
  private(set) var configurations: [Configuration] = []
  private(set) var lostPages: UInt64 = 0
  private(set) var lateReports: UInt64 = 0

  private enum CodingKeys: CodingKey {
    case order, cpus, pages, configurations, lostPages, lateReports
  }

  private let isDemonstration: Bool

  init(order: DirtyLogStress.Order, cpus: Int, pages: Int) {
    self.order = order.rawValue
    isDemonstration = order == .copyFirst
    self.cpus = cpus
    self.pages = pages
  }

  mutating func add(_ outcome: StressOutcome, of stress: DirtyLogStress) {
    lostPages &+= outcome.lostPages
    lateReports &+= outcome.lateReports
    configurations.append(
      Configuration(
        dirtyLog: stress.interface.rawValue, cpl: stress.privilegeLevel.rawValue,
        harvests: outcome.harvests, stops: outcome.stops, stores: outcome.stores,
        pagesReported: outcome.pagesReported, lateReports: outcome.lateReports,
        longestLateness: outcome.longestLateness, lateAtStop: outcome.lateAtStop,
        lostPages: outcome.lostPages))
  }

  // MARK: Text

  private static let header = [
    "dirty log", "CPL", "harvests", "stops", "late", "longest", "at stop", "lost",
  ]

  private static func cells(_ row: Configuration) -> [String] {
    [
      row.dirtyLog, "\(row.cpl)", "\(row.harvests)", "\(row.stops)", "\(row.lateReports)",
      "\(row.longestLateness)", "\(row.lateAtStop)", "\(row.lostPages)",
    ]
  }

  var lines: [String] {
    let plural = (cpus: cpus == 1 ? "vCPU" : "vCPUs", pages: pages == 1 ? "page" : "pages")
    return ["\(cpus) \(plural.cpus), \(pages) \(plural.pages), \(order)", ""]
      + Table.lines(header: Self.header, rows: configurations.map(Self.cells))
      + [""] + explanation + [verdict]
  }

  private var explanation: [String] {
    guard lateReports > 0, !isDemonstration else { return [] }
    return [
      "late: written before a harvest and reported by a later one. That is expected: while a vCPU",
      "runs, a harvest is a lower bound; the last one, after the stop, brings what is left.",
    ]
  }

  private var verdict: String {
    switch (isDemonstration, lostPages) {
    case (false, 0): "No page was lost."
    case (false, _): "\(lostPages) pages were LOST: this dirty log cannot be relied on."
    case (true, 0): "No page was lost, by luck: the copy is made before the harvest. Run it longer."
    case (true, _):
      "\(lostPages) pages were lost, as they must be: this demonstrates the wrong order, in which a "
        + "store between copy and harvest is in neither."
    }
  }
}
