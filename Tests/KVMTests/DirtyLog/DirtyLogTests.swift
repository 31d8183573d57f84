import CKVM
import SystemPackage
import TestSupport
import Testing

@testable import KVM

/// With the vCPU stopped, each of the three interfaces tells exactly the pages that were written.
@Suite("Dirty logs of a stopped guest", .needsKVM, .timeLimit(.minutes(5)))
struct DirtyLogTests {
  private let rounds: ClosedRange<UInt64> = 1...20

  @Test func `getting the log tells the pages written since the last time`() throws {
    let dirty = try DirtyGuest()
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    var random = SplitMix64(seed: 1)
    for round in rounds {
      let pages = DirtyGuest.somePages(&random)
      guard case .halt = try dirty.write(pages) else { throw Unexpected(.shutdown) }
      bitmap.insertAll()
      try dirty.slot.getDirtyLog(into: &bitmap)
      #expect(list(bitmap) == Set(pages).sorted(), "seed 1, round \(round)")
      try dirty.slot.getDirtyLog(into: &bitmap)
      #expect(bitmap.isEmpty, "seed 1, round \(round)")
    }
  }

  @Test(.needs(.manualDirtyLogProtect2))
  func `with manual protection pages stay dirty until cleared`() throws {
    let dirty = try DirtyGuest { try $0.enableManualDirtyLogProtect() }
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    var expected = Set<Int>()
    var random = SplitMix64(seed: 2)
    for round in rounds {
      let pages = DirtyGuest.somePages(&random)
      guard case .halt = try dirty.write(pages) else { throw Unexpected(.shutdown) }
      expected.formUnion(pages)
      try dirty.slot.getDirtyLog(into: &bitmap)
      #expect(list(bitmap) == expected.sorted(), "seed 2, round \(round)")
      // Clear a part: the rest must still be there next time.
      var cleared = bitmap
      for page in 0..<DirtyGuest.pageCount where Bool.random(using: &random) {
        cleared.remove(page)
      }
      try dirty.slot.clearDirtyLog(cleared)
      expected.subtract(list(cleared))
    }
  }

  @Test(
    .needs(.manualDirtyLogProtect2),
    arguments: [(0, 64), (64, 128), (320, 11), (0, 331), (64, 267)])
  func `clearing a range leaves the pages outside dirty`(first: Int, count: Int) throws {
    let dirty = try DirtyGuest { try $0.enableManualDirtyLogProtect() }
    guard case .halt = try dirty.write(Array(0..<DirtyGuest.pageCount)) else {
      throw Unexpected(.shutdown)
    }
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    try dirty.slot.getDirtyLog(into: &bitmap)
    try dirty.slot.clearDirtyLog(bitmap, firstPage: first, pageCount: count)
    try dirty.slot.getDirtyLog(into: &bitmap)
    let cleared = first..<first + count
    #expect(list(bitmap) == (0..<DirtyGuest.pageCount).filter { !cleared.contains($0) })
  }

  @Test(.enabled(if: Host.value(.manualDirtyLogProtect2) & 2 != 0, "needs INITIALLY_SET"))
  func `initially set logs begin with every page`() throws {
    let dirty = try DirtyGuest { try $0.enableManualDirtyLogProtect([.enable, .initiallySet]) }
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    try dirty.slot.getDirtyLog(into: &bitmap)
    #expect(bitmap.count == DirtyGuest.pageCount)
  }

  @Test func `writes while the log is off are not told`() throws {
    let dirty = try DirtyGuest()
    try dirty.slot.setFlags([])
    guard case .halt = try dirty.write([3]) else { throw Unexpected(.shutdown) }
    try dirty.slot.setFlags(.logDirtyPages)
    guard case .halt = try dirty.write([5]) else { throw Unexpected(.shutdown) }
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    try dirty.slot.getDirtyLog(into: &bitmap)
    #expect(list(bitmap) == [5])
  }

  @Test func `writes of the host are not told`() throws {
    let dirty = try DirtyGuest()
    unsafe dirty.memory.bytes[0] = 1
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    try dirty.slot.getDirtyLog(into: &bitmap)
    #expect(bitmap.isEmpty)
  }

  @Test func `a slot without a log, and bitmaps that do not fit, are refused`() throws {
    let dirty = try DirtyGuest()
    var ram = DirtyBitmap(pageCount: dirty.guest.slot.pageCount)
    let unlogged = #expect(throws: KVMError.self) { try dirty.guest.slot.getDirtyLog(into: &ram) }
    #expect(unlogged?.errno == .noSuchFileOrDirectory)
    #expect(unlogged?.remedy == "the slot does not log dirty pages")
    for pageCount in [0, 64, DirtyGuest.pageCount - 1, DirtyGuest.pageCount + 1] {
      var bitmap = DirtyBitmap(pageCount: pageCount)
      let get = #expect(throws: KVMError.self) { try dirty.slot.getDirtyLog(into: &bitmap) }
      #expect(get?.operation == "KVM_GET_DIRTY_LOG" && get?.errno == .invalidArgument)
      let clear = #expect(throws: KVMError.self) { try dirty.slot.clearDirtyLog(bitmap) }
      #expect(clear?.operation == "KVM_CLEAR_DIRTY_LOG" && clear?.errno == .invalidArgument)
    }
  }

  @Test(arguments: [(1, 64), (-64, 64), (384, 64), (0, 63), (0, 0), (0, 384), (64, -64), (0, 330)])
  func `a range that the kernel would not take is refused`(first: Int, count: Int) throws {
    let dirty = try DirtyGuest()
    let bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    let error = #expect(throws: KVMError.self) {
      try dirty.slot.clearDirtyLog(bitmap, firstPage: first, pageCount: count)
    }
    #expect(error?.operation == "KVM_CLEAR_DIRTY_LOG" && error?.errno == .invalidArgument)
  }

  private func list(_ bitmap: DirtyBitmap) -> [Int] {
    (0..<bitmap.pageCount).filter { bitmap[$0] }
  }
}
