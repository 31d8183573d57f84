import KVM
import TestSupport
import Testing

@testable import VMM

/// Each of KVM's interfaces behind the one log, with a guest that is stopped at every harvest.
@Suite(.timeLimit(.minutes(5)), .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm"))
struct DirtyLogTests {
  /// Around the 64 pages of a word of KVM's bitmaps.
  private static let pageCounts = [1, 63, 64, 65, 130, 200]

  @Test(
    "after a stop exactly the written pages are reported, whatever the slot's size",
    arguments: DirtyLogInterface.available, DirtyLogStress.PrivilegeLevel.allCases)
  func exact(interface: DirtyLogInterface, level: DirtyLogStress.PrivilegeLevel) throws {
    for pageCount in Self.pageCounts {
      var random = SplitMix64(seed: UInt64(pageCount))
      let guest = try LoggedGuest(interface, pageCount: pageCount, level: level)
      let consumer = guest.log.attach()
      let everything = Set(0..<pageCount)
      #expect(try guest.harvest(consumer) == everything, "a new consumer has seen nothing")
      for round in 0..<6 {
        // The last page, which the tail of a bitmap describes, among them.
        var written: Set = [pageCount - 1]
        for _ in 0..<round * 3 { written.insert(.random(in: 0..<pageCount, using: &random)) }
        if round == 0 { written = [] }
        for page in written { try guest.store(onPage: page) }
        let comment: Comment = "\(pageCount) pages, round \(round)"
        #expect(try guest.harvest(consumer) == written, comment)
      }
    }
  }

  @Test(
    "a written page is in the next report, whichever pages are left open",
    arguments: DirtyLogInterface.available, DirtyLogStress.PrivilegeLevel.allCases)
  func openPages(interface: DirtyLogInterface, level: DirtyLogStress.PrivilegeLevel) throws {
    let pageCount = 130
    for seed: UInt64 in 0..<4 {
      var random = SplitMix64(seed: seed)
      let guest = try LoggedGuest(interface, pageCount: pageCount, level: level)
      let consumer = guest.log.attach()
      _ = try guest.harvest(consumer)
      // Few enough to be worth a list of them, and too many.
      let hotLimit = seed % 2 == 0 ? 20 : pageCount
      for tick in 0..<12 {
        var written: Set<Int> = []
        for _ in 0..<8 { written.insert(.random(in: 0..<pageCount, using: &random)) }
        for page in written { try guest.store(UInt64(tick), at: page * MemorySlot.pageSize) }
        var hot: Set<Int> = []
        for _ in 0..<Int.random(in: 0...hotLimit, using: &random) {
          hot.insert(.random(in: 0..<pageCount, using: &random))
        }
        let reported = try guest.harvest(consumer, leavingOpen: hot)
        #expect(reported.isSuperset(of: written), "seed \(seed), tick \(tick)")
      }
      // Quiet: first everything that was open is armed, and reported once more.
      _ = try guest.harvest(consumer)
      _ = try guest.harvest(consumer)
      #expect(try guest.harvest(consumer) == [], "seed \(seed): still reported without a store")
      try guest.store(onPage: 7)
      #expect(try guest.harvest(consumer) == [7], "seed \(seed): not armed again")
    }
  }

  @Test(
    "manual protection leaves exactly the hot pages open",
    arguments: DirtyLogInterface.available.filter { [.clear, .clearInitiallySet].contains($0) })
  func openPageByPage(interface: DirtyLogInterface) throws {
    let guest = try LoggedGuest(interface, pageCount: 70)
    let consumer = guest.log.attach()
    _ = try guest.harvest(consumer)
    for page in [3, 64, 69] { try guest.store(onPage: page) }
    let before = guest.log.rearmedPages
    #expect(try guest.harvest(consumer, leavingOpen: [64, 69, 5]) == [3, 64, 69])
    #expect(guest.log.rearmedPages - before == 1)
    #expect(
      try guest.harvest(consumer, leavingOpen: [64, 69]) == [64, 69], "open: reported again")
    #expect(guest.log.rearmedPages - before == 1)
    #expect(
      try guest.harvest(consumer, leavingOpen: [64]) == [64, 69], "armed, and looked at once")
    #expect(guest.log.rearmedPages - before == 2)
    #expect(try guest.harvest(consumer, leavingOpen: [64]) == [64])
  }

  @Test("GET stops asking while most pages are hot, and asks again when they have cooled down")
  func sweeping() throws {
    let guest = try LoggedGuest(.bitmap, pageCount: 200)
    let consumer = guest.log.attach()
    _ = try guest.harvest(consumer)
    for page in 0..<100 { try guest.store(onPage: page) }
    let before = guest.log.rearmedPages
    let everything = Set(0..<200)
    for _ in 0..<3 {
      #expect(try guest.harvest(consumer, leavingOpen: Set(0..<100)) == everything)
    }
    #expect(guest.log.rearmedPages == before)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<40)) == everything)
    #expect(guest.log.rearmedPages == before)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<5)) == everything)
    #expect(guest.log.rearmedPages == before + 100)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<5)) == [])
  }

  @Test(
    "the ring re-arms once most of its open pages are cold",
    .enabled(if: DirtyLogInterface.available.contains(.ring), "needs KVM_CAP_DIRTY_LOG_RING"))
  func ringHysteresis() throws {
    let guest = try LoggedGuest(.ring, pageCount: 100)
    let consumer = guest.log.attach()
    _ = try guest.harvest(consumer)
    for page in 0..<10 { try guest.store(onPage: page) }
    let before = guest.log.rearmedPages
    let open = Set(0..<10)
    #expect(try guest.harvest(consumer, leavingOpen: open) == open)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<8)) == open)
    #expect(guest.log.rearmedPages == before)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<5)) == open)
    #expect(guest.log.rearmedPages == before + 10)
    #expect(try guest.harvest(consumer, leavingOpen: Set(0..<5)) == [])
  }

  @Test(
    "a full ring is an exit, is relieved, and loses nothing",
    .enabled(if: DirtyLogInterface.available.contains(.ring), "needs KVM_CAP_DIRTY_LOG_RING"),
    arguments: DirtyLogStress.PrivilegeLevel.allCases)
  func fullRing(level: DirtyLogStress.PrivilegeLevel) throws {
    // More than enough for the entries that hardware page-modification logging keeps in reserve.
    let guest = try LoggedGuest(.ring, pageCount: 3000, level: level, ringEntryCount: 1024)
    let consumer = guest.log.attach()
    _ = try guest.harvest(consumer)
    for page in 0..<3000 { try guest.store(onPage: page) }
    #expect(guest.fullRings >= 2)
    #expect(try guest.harvest(consumer) == Set(0..<3000))
    _ = try guest.harvest(consumer)
    #expect(try guest.harvest(consumer) == [])
    try guest.store(onPage: 2999)
    #expect(try guest.harvest(consumer) == [2999])
  }

  @Test("a ring of the largest video memory is no larger than KVM allows")
  func largestRing() {
    #expect(RingHarvester.entryCount(pageCount: 1) == 4096)
    #expect(RingHarvester.entryCount(pageCount: 4096) == 8192)
    #expect(
      RingHarvester.entryCount(pageCount: MemoryMap.maximumVideoMemory / MemorySlot.pageSize)
        == 65536)
  }

  // MARK: Consumers

  @Test(
    "every consumer gets everything, each at its own pace (R5)",
    arguments: DirtyLogInterface.available)
  func consumers(interface: DirtyLogInterface) throws {
    let guest = try LoggedGuest(interface, pageCount: 70)
    let (quick, slow) = (guest.log.attach(), guest.log.attach())
    _ = try guest.harvest(quick)
    _ = guest.take(slow)
    for page in [1, 64, 69] {
      try guest.store(onPage: page)
      #expect(try guest.harvest(quick) == [page])
    }
    let late = guest.log.attach()
    #expect(guest.take(slow) == [1, 64, 69])
    #expect(guest.take(slow) == [])
    #expect(guest.take(late) == Set(0..<70), "whoever comes later has seen nothing")
    try guest.store(onPage: 2)
    guest.log.detach(slow)
    #expect(try guest.harvest(late) == [2])
    #expect(guest.take(slow) == [], "detached")
    #expect(guest.take(quick) == [2])
  }

  @Test(
    "what the host writes is reported to all, although KVM does not log it (R4)",
    arguments: DirtyLogInterface.available)
  func hostWrites(interface: DirtyLogInterface) throws {
    let guest = try LoggedGuest(interface, pageCount: 70)
    let (one, other) = (guest.log.attach(), guest.log.attach())
    _ = try guest.harvest(one)
    _ = guest.take(other)
    unsafe guest.memory.bytes.storeBytes(of: 1, toByteOffset: 4095, as: UInt8.self)
    #expect(try guest.harvest(one) == [], "KVM reported a store of the host")
    for (bytes, pages) in [
      (4095..<4096, [0]), (4096..<4097, [1]), (4095..<4097, [0, 1]), (0..<0, []),
      (4096..<3 * 4096, [1, 2]), (63 * 4096..<70 * 4096, [63, 64, 65, 66, 67, 68, 69]),
      (69 * 4096..<90 * 4096, [69]),
    ] as [(Range<Int>, Set<Int>)] {
      guest.log.markHostWrite(bytes)
      #expect(guest.take(one) == pages)
      #expect(try guest.harvest(other) == pages)
    }
  }

  @Test("what a harvest reported stays reported for whoever has not taken it")
  func accumulates() throws {
    let guest = try LoggedGuest(.bitmap, pageCount: 10)
    let consumer = guest.log.attach()
    _ = try guest.harvest(consumer)
    var none = DirtyBitmap(pageCount: 10)
    for page in [2, 5] {
      try guest.store(onPage: page)
      try guest.log.harvest(leavingOpen: none)
    }
    try guest.log.harvest(leavingOpen: none)
    none.insert(9)
    guest.log.take(consumer, into: &none)
    #expect(none.count == 2 && none[2] && none[5], "a taken set replaces what was in the bitmap")
  }
}

/// What is chosen, and what is said where a KVM lacks something.
@Suite(.timeLimit(.minutes(5)))
struct DirtyLogSupportTests {
  private static let old = DirtyLogSupport(manualProtect: [], ringByteCount: 0)

  @Test("the best interface is manual protection, where there is some")
  func best() {
    #expect(Self.old.best == .bitmap)
    #expect(DirtyLogSupport(manualProtect: .enable, ringByteCount: 0).best == .clear)
    #expect(DirtyLogSupport(manualProtect: [], ringByteCount: 65536).best == .bitmap)
    #expect(
      DirtyLogSupport(manualProtect: [.enable, .initiallySet], ringByteCount: 65536).best == .clear)
  }

  @Test(
    "an interface that is missing is refused by the name of what it lacks",
    arguments: [
      (.clear, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2"),
      (.clearInitiallySet, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2"),
      (.ring, "KVM_CAP_DIRTY_LOG_RING"),
    ] as [(DirtyLogInterface, String)])
  func missing(interface: DirtyLogInterface, capability: String) {
    #expect(
      throws: VMMError(
        .host,
        "dirty log \(interface.rawValue): this KVM lacks \(capability); choose --dirty-log auto")
    ) { try Self.old.require(interface) }
  }

  @Test("an interface that is there is not refused")
  func present() throws {
    try Self.old.require(.bitmap)
    try DirtyLogSupport(manualProtect: .enable, ringByteCount: 0).require(.clear)
    try DirtyLogSupport(manualProtect: [], ringByteCount: 1 << 20).require(.ring)
    let all = DirtyLogSupport(manualProtect: [.enable, .initiallySet], ringByteCount: 1)
    try all.require(.clearInitiallySet)
    #expect(!DirtyLogSupport(manualProtect: .enable, ringByteCount: 0).offers(.clearInitiallySet))
  }
}
