import KVM

/// The logs of memory slots that lie one behind the other in one memory, as one.
final class JoinedHarvester: DirtyLogHarvester {
  private struct Part {
    let harvester: any DirtyLogHarvester
    let firstPage: Int
    var pages: DirtyBitmap
    var hot: DirtyBitmap
  }

  private var parts: [Part] = []

  /// - Parameter parts: Each slot's log with its pages; each starts at a multiple of 64.
  init(_ parts: [(harvester: any DirtyLogHarvester, pages: Range<Int>)]) {
    self.parts = parts.map { harvester, pages in
      let none = DirtyBitmap(pageCount: pages.count)
      return Part(harvester: harvester, firstPage: pages.lowerBound, pages: none, hot: none)
    }
  }

  func harvest(
    into pages: inout DirtyBitmap, leavingOpen hot: DirtyBitmap
  ) throws(KVMError) -> Int {
    var armed = 0
    for index in parts.indices {
      let firstPage = parts[index].firstPage
      let words = hot.words
      parts[index].hot.replace(with: words.span.extracting((firstPage / 64)...))
      parts[index].pages.removeAll()
      armed += try parts[index].harvester.harvest(
        into: &parts[index].pages, leavingOpen: parts[index].hot)
      parts[index].pages.forEachRun { run in
        pages.insert(firstPage + run.lowerBound..<firstPage + run.upperBound)
      }
    }
    return armed
  }
}
