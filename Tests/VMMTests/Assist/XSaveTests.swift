import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Assist: XSAVE", .timeLimit(.minutes(5)))
struct XSaveTests {
  private static let area: UInt64 = 0x4000
  private static let xsave: [UInt8] = [0x48, 0x0F, 0xAE, 0x27]  // (%rdi)
  private static let xsaveopt: [UInt8] = [0x48, 0x0F, 0xAE, 0x37]
  private static let xsavec: [UInt8] = [0x48, 0x0F, 0xC7, 0x27]
  private static let xrstor: [UInt8] = [0x48, 0x0F, 0xAE, 0x2F]
  private static let protection = Interruption.fault(Fault(.generalProtection, 0))

  /// x87, SSE, AVX and one more component are enabled; every register holds something.
  private func guest(_ code: [UInt8], requested: UInt64 = .max) throws -> AssistGuest {
    var guest = try AssistGuest(code)
    var features = ProcessorFeatures()
    features.components = [
      StateComponent(number: 2, offset: 576, size: 256, isAligned: false),
      StateComponent(number: 9, offset: 0xA80, size: 8, isAligned: true),
    ]
    let old = guest.processor
    guest.processor = AssistedProcessor(
      old.registers, old.special, features, memory: old.memory)
    guest.processor.special.cr4 |= ControlRegister.osXSAVE
    guest.processor.extendedControl = 0x207
    guest.processor.registers.rdi = Self.area
    guest.processor.registers.rax = requested & 0xFFFF_FFFF
    guest.processor.registers.rdx = requested >> 32
    var state = try #require(
      ExtendedState(XSAVEArea(words: (0..<1024).map { UInt32($0) &* 0x0101_0101 })))
    state.area.words[7] = 0xFFFF  // MXCSR_MASK
    state.mxcsr = 0x1FA0
    state.componentsInUse = 0x207
    guest.processor.extended = state
    return guest
  }

  private func bytes(_ guest: AssistGuest, _ range: Range<Int>) -> [UInt8] {
    guest.memory.read(range.count, at: GuestAddress(Self.area + UInt64(range.lowerBound))) ?? []
  }

  @Test(
    "what was saved is restored, in both formats, into a state that was another",
    arguments: [xsave, xsaveopt, xsavec])
  func roundTrip(code: [UInt8]) throws {
    var guest = try guest(code)
    let saved = try #require(guest.processor.extended)
    try guest.step()
    guest.load(Self.xrstor)
    var other = try #require(
      ExtendedState(XSAVEArea(words: [UInt32](repeating: 0xAAAA_AAAA, count: 1024))))
    other.area.words[7] = 0xFFFF
    other.mxcsr = 0x1F80
    other.componentsInUse = 0
    guest.processor.extended = other
    try guest.step()
    let restored = try #require(guest.processor.extended)
    for range in [0..<28, 32..<416, 576..<832, 0xA80..<0xA88] {
      #expect(restored.bytes(range) == saved.bytes(range), "\(range)")
    }
    #expect(restored.componentsInUse == 0x207)
  }

  @Test("only what is asked for is stored")
  func requested() throws {
    var guest = try guest(Self.xsave, requested: 1 << 2)
    _ = guest.memory.store(UInt64(0x3), at: GuestAddress(Self.area + 512))
    try guest.step()
    #expect(bytes(guest, 0..<24).allSatisfy { $0 == 0 })
    #expect(bytes(guest, 24..<26) == [0xA0, 0x1F])  // MXCSR belongs to AVX, too
    #expect(bytes(guest, 160..<416).allSatisfy { $0 == 0 })
    #expect(bytes(guest, 576..<832) == guest.processor.extended?.bytes(576..<832))
    #expect(bytes(guest, 512..<520).littleEndian == 7)
  }

  @Test("XSAVEC packs the components, aligned where they want to be")
  func compacted() throws {
    var guest = try guest(Self.xsavec, requested: 0x201)
    try guest.step()
    #expect(bytes(guest, 512..<520).littleEndian == 0x201)
    #expect(bytes(guest, 520..<528).littleEndian == UInt64(1) << 63 | 0x201)
    #expect(bytes(guest, 576..<584) == guest.processor.extended?.bytes(0xA80..<0xA88))
  }

  @Test("XSAVEOPT leaves out what is in its initial state")
  func optimized() throws {
    var guest = try guest(Self.xsaveopt)
    guest.processor.extended?.componentsInUse = 1
    try guest.step()
    #expect(bytes(guest, 576..<832).allSatisfy { $0 == 0 })
    #expect(bytes(guest, 512..<520).littleEndian == 1)
  }

  @Test("a component that is not there is restored to its initial state")
  func initial() throws {
    var guest = try guest(Self.xrstor)
    _ = guest.memory.store(UInt32(0x1F80), at: GuestAddress(Self.area + 24))
    try guest.step()
    let state = try #require(guest.processor.extended)
    #expect(state.control == 0x37F)
    #expect(state.bytes(32..<416).allSatisfy { $0 == 0 })
    #expect(state.bytes(576..<832).allSatisfy { $0 == 0 })
    #expect(state.mxcsr == 0x1F80)
    #expect(state.componentsInUse == 0)
  }

  @Test("what is refused")
  func refused() throws {
    var guest = try guest(Self.xsave)
    guest.processor.registers.rdi = Self.area + 32
    #expect(guest.interruption() == Self.protection)
    guest.processor.registers.rdi = Self.area
    guest.processor.special.cr0 |= ControlRegister.taskSwitched
    #expect(guest.interruption() == .deviceNotAvailable)
    guest.processor.special.cr4 &= ~ControlRegister.osXSAVE
    #expect(guest.interruption() == .invalidOpcode)

    guest = try self.guest(Self.xrstor)
    let header = { (offset: UInt64, value: UInt64) in
      _ = guest.memory.store(value, at: GuestAddress(Self.area + 512 + offset))
    }
    header(0, 1 << 3)  // not in XCR0
    #expect(guest.interruption() == Self.protection)
    header(0, 0)
    header(16, 1)  // reserved
    #expect(guest.interruption() == Self.protection)
    header(16, 0)
    header(8, 1 << 63 | 1)
    header(0, 2)  // not in the format
    #expect(guest.interruption() == Self.protection)
    header(0, 0)
    header(8, 0)
    _ = guest.memory.store(UInt32(1 << 16), at: GuestAddress(Self.area + 24))
    #expect(guest.interruption() == Self.protection)
  }
}
