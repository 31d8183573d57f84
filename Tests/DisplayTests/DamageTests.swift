import Display
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DamageTests {
  @Test func startsEmpty() {
    let damage = Damage()
    #expect(damage.isEmpty)
    #expect(damage.lineCount == 0)
    #expect(damage.boundingBox == nil)
    #expect(damage.columns(onLine: 0) == nil)
  }

  @Test func fullIsOneRun() {
    let damage = Damage.full(width: 640, height: 480)
    #expect(damage.runs == [ScanlineRun(lines: 0..<480, columns: 0..<640)])
    #expect(damage.lineCount == 480)
    #expect(Damage.full(width: 0, height: 480).isEmpty)
    #expect(Damage.full(width: 640, height: 0).isEmpty)
  }

  @Test func mergesAdjacentLinesOfEqualExtentOnly() {
    var damage = Damage()
    damage.add(line: 3, columns: 10..<20)
    damage.add(line: 4, columns: 10..<20)
    damage.add(line: 5, columns: 10..<21)
    damage.add(line: 7, columns: 10..<21)
    #expect(
      damage.runs == [
        ScanlineRun(lines: 3..<5, columns: 10..<20),
        ScanlineRun(lines: 5..<6, columns: 10..<21),
        ScanlineRun(lines: 7..<8, columns: 10..<21),
      ])
    #expect(damage.lineCount == 4)
    #expect(damage.boundingBox == ScanlineRun(lines: 3..<8, columns: 10..<21))
    damage._checkInvariants()
  }

  @Test func aSecondExtentWidensTheLine() {
    var damage = Damage()
    damage.add(line: 1, columns: 0..<8)
    damage.add(line: 2, columns: 0..<4)
    damage.add(line: 2, columns: 6..<8)
    #expect(damage.runs == [ScanlineRun(lines: 1..<3, columns: 0..<8)], "it joins the run above")
    damage.add(line: 2, columns: 3..<5)
    #expect(damage.runs == [ScanlineRun(lines: 1..<3, columns: 0..<8)], "it was damaged already")
    damage.add(line: 2, columns: 7..<9)
    #expect(
      damage.runs == [
        ScanlineRun(lines: 1..<2, columns: 0..<8), ScanlineRun(lines: 2..<3, columns: 0..<9),
      ], "it leaves the run above")
    damage._checkInvariants()
  }

  @Test func nothingIsDamagedByAnEmptyExtent() {
    var damage = Damage()
    damage.add(line: 4, columns: 7..<7)
    #expect(damage.isEmpty)
  }

  @Test func findsTheColumnsOfEachLine() {
    var damage = Damage()
    for line in [2, 3, 4, 9, 10, 30] { damage.add(line: line, columns: line..<(line + 1)) }
    for line in 0..<40 {
      let isDamaged = [2, 3, 4, 9, 10, 30].contains(line)
      #expect(damage.columns(onLine: line) == (isDamaged ? line..<(line + 1) : nil))
    }
  }

  @Test func removesAll() {
    var damage = Damage.full(width: 3, height: 3)
    damage.removeAll()
    #expect(damage == Damage())
    damage.add(line: 0, columns: 0..<1)
    #expect(damage.lineCount == 1, "lines may start at the top again")
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func keepsTheUnionOfTheExtentsOfEachLine(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var damage = Damage()
    var expected: [Int: Range<Int>] = [:]
    var line = 0
    for _ in 0..<60 {
      line += Int.random(in: 0...2, using: &random)
      let start = Int.random(in: 0..<4, using: &random)
      let columns = start..<(start + Int.random(in: 1...3, using: &random))
      damage.add(line: line, columns: columns)
      let former = expected[line] ?? columns
      expected[line] =
        min(former.lowerBound, columns.lowerBound)..<max(former.upperBound, columns.upperBound)
      damage._checkInvariants()
    }
    #expect(damage.extents == expected, "seed \(seed)")
    #expect(damage.lineCount == expected.count, "seed \(seed)")
  }
}
