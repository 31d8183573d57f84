import CKVM
import SystemPackage
import TestSupport
import Testing

@testable import KVM

@Suite("Dirty rings", .needs(.dirtyLogRingAcquireRelease), .timeLimit(.minutes(5)))
struct DirtyRingTests {
  @Test func `a ring tells the pages written, again after a reset`() throws {
    let dirty = try DirtyGuest { try $0.enableDirtyRing(entryCount: 1024) }
    var ring = try dirty.guest.vcpu.makeDirtyRing()
    let entryCount = ring.entryCount
    #expect(entryCount == 1024)
    var random = SplitMix64(seed: 3)
    // More rounds than the ring has entries: it wraps.
    for round in 1...60 {
      let pages = DirtyGuest.somePages(&random)
      guard case .halt = try dirty.write(pages) else { throw Unexpected(.shutdown) }
      var reported: [UInt64] = []
      let count = ring.harvest { slot, page in
        if slot == 1 { reported.append(page) }
      }
      #expect(Set(reported) == Set(pages.map(UInt64.init)), "seed 3, round \(round)")
      #expect(try dirty.guest.machine.resetDirtyRings() == count)
      let again = ring.harvest { _, _ in }
      #expect(again == 0)
    }
  }

  @Test func `a full ring is an exit, and the guest goes on after the reset`() throws {
    // With an exit after each write, so that the kernel looks in time on every host.
    let dirty = try DirtyGuest(exiting: true) { try $0.enableDirtyRing(entryCount: 256) }
    var ring = try dirty.guest.vcpu.makeDirtyRing()
    var reported = Set<UInt64>()
    var timesFull = 0
    var exit = try dirty.write(Array(0..<DirtyGuest.pageCount))
    run: while true {
      switch exit {
      case .portIO: break
      case .dirtyRingFull:
        timesFull += 1
        ring.harvest { slot, page in if slot == 1 { reported.insert(page) } }
        try dirty.guest.machine.resetDirtyRings()
      case .halt: break run
      default: throw Unexpected(exit)
      }
      exit = try dirty.guest.run()
    }
    ring.harvest { slot, page in if slot == 1 { reported.insert(page) } }
    #expect(timesFull > 0)
    #expect(reported == Set((0..<UInt64(DirtyGuest.pageCount))))
  }

  @Test func `with rings on, the bitmap says where to look`() throws {
    let dirty = try DirtyGuest { try $0.enableDirtyRing(entryCount: 1024) }
    var bitmap = DirtyBitmap(pageCount: DirtyGuest.pageCount)
    let error = #expect(throws: KVMError.self) { try dirty.slot.getDirtyLog(into: &bitmap) }
    #expect(error?.errno == .noSuchAddressOrDevice)
    #expect(error?.remedy == "the dirty ring is enabled; harvest the ring instead")
  }

  @Test func `rings of a wrong size, too late, or not enabled are refused`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    for entryCount in [0, -1, 3, 1000, 1 << 24, .max] {
      let error = #expect(throws: KVMError.self) {
        try machine.enableDirtyRing(entryCount: entryCount)
      }
      #expect(error?.operation == "KVM_ENABLE_CAP" && error?.errno == .invalidArgument)
    }
    let vcpu = try machine.makeVCPU(id: 0)
    let late = #expect(throws: KVMError.self) { try machine.enableDirtyRing(entryCount: 1024) }
    #expect(late?.operation == "KVM_ENABLE_CAP")
    let off = #expect(throws: KVMError.self) { _ = try vcpu.makeDirtyRing() }
    #expect(off?.detail == "the machine's dirty ring is not enabled")
  }
}
