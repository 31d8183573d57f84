import Display
import KVM
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Why R1 says "harvest, then read": the same steps, in the right and in the wrong order, with a
  /// store of the guest between them. It also shows that a lost update would be noticed.
  @Suite struct HarvestOrderTests {
    private enum Order: CaseIterable {
      case harvestThenRead
      case readThenHarvest
    }

    @Test("a store between reading and harvesting is lost for good; the other way round it is not")
    func storeBetween() throws {
      for order in Order.allCases {
        let guest = try StoringGuest()
        try guest.store()
        // The first update compares everything.
        guest.update(try guest.harvest(), guest.read())

        var pages: DirtyBitmap
        let memory: [UInt8]
        try guest.store()
        switch order {
        case .harvestThenRead:
          pages = try guest.harvest()
          try guest.store()
          memory = guest.read()
        case .readThenHarvest:
          memory = guest.read()
          try guest.store()
          pages = try guest.harvest()
        }
        #expect(pages[0])
        guest.update(pages, memory)

        // The guest has stopped: the last harvest.
        pages = try guest.harvest()
        guest.update(pages, guest.read())
        #expect(guest.isExact == (order == .harvestThenRead), "\(order)")
        #expect(guest.tracker.statistics.fullComparisons == 1)
      }
    }
  }
}

/// A guest that adds one to the first byte of video memory whenever it is told to, and a tracker.
private final class StoringGuest {
  private let vm: VirtualMachine
  private let vcpu: VCPU
  private let video: MemoryRegion
  private let slot: MemorySlot
  var tracker = FrameTracker()

  init() throws {
    let hypervisor = try Hypervisor()
    vm = try hypervisor.makeVirtualMachine()
    let memory = try GuestMemory(size: 2 << 20)
    _ = try vm.makeMemorySlot(index: 0, guestAddress: 0, memory: memory.region)
    video = try MemoryRegion(size: 4096)
    slot = try vm.makeMemorySlot(
      index: 1, guestAddress: MemoryMap.framebuffer.rawValue, memory: video, flags: .logDirtyPages)
    try vm.setIdentityMapAddress(MemoryMap.identityMap.rawValue)
    try vm.setTSSAddress(MemoryMap.kvmTaskStateSegment.rawValue)
    let image = try FlatImage.code([
      0xBB, 0, 0, 0, 0xE0,  // movl $0xE0000000, %ebx
      0xE6, 0x80,  // 1: outb %al, $0x80
      0xFE, 0x03,  // incb (%rbx)
      0xEB, 0xFA,  // jmp 1b
    ])
    try image.file.load(into: memory, at: image.loadAddress)
    let entry = EntryState(image: image)
    entry.prepare(memory)
    vcpu = try vm.makeVCPU(id: 0)
    try vcpu.setCPUID(try hypervisor.supportedCPUID())
    try entry.enter(vcpu)
    tracker.setMode(
      DisplayMode(
        width: 64, height: 16, format: .xrgb8888, stride: 256, startOffset: 0,
        videoMemorySize: video.size))
    try runToNextExit()
  }

  /// Lets the guest store once; it has stored when this returns.
  func store() throws { try runToNextExit() }

  private func runToNextExit() throws {
    while true {
      switch try vcpu.run() {
      case .interrupted, .again: continue
      case .portIO: return
      case let exit: throw VMMError(.host, "unexpected exit \(exit)")
      }
    }
  }

  func harvest() throws -> DirtyBitmap {
    var pages = DirtyBitmap(pageCount: slot.pageCount)
    try slot.getDirtyLog(into: &pages)
    return pages
  }

  func read() -> [UInt8] { unsafe [UInt8](video.bytes) }

  func update(_ pages: DirtyBitmap, _ memory: [UInt8]) {
    unsafe memory.withUnsafeBytes { bytes in
      _ = unsafe tracker.update(dirtyPages: pages.words.span, memory: bytes)
    }
  }

  /// Whether the shadow equals video memory.
  var isExact: Bool {
    let memory = read()
    return (0..<16).allSatisfy { line in
      tracker.frame.withRow(line) { row in
        row.indices.allSatisfy { row[$0] == memory[line * 256 + $0] }
      }
    }
  }
}
