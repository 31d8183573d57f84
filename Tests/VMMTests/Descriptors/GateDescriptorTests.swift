import Testing

@testable import VMM

@Suite("Entries of the IDT")
struct GateDescriptorTests {
  /// A 64-bit trap gate, present, DPL 3, IST 5, with every byte of its address another.
  private static let entry: [UInt8] = [
    0x11, 0x22, 0x08, 0x00, 0x05, 0xEF, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0, 0,
  ]

  @Test("in long mode")
  func longMode() throws {
    let descriptor = GateDescriptor(Self.entry)
    #expect(descriptor.offset == 0x8877_6655_4433_2211)
    #expect(descriptor.selector == Selector(0x08))
    #expect(descriptor.privilegeLevel == 3)
    #expect(descriptor.isPresent)
    #expect(descriptor.stackIndex == 5)
    let gate = try #require(InterruptGate(descriptor))
    #expect(gate.isTrap)
    #expect(gate.wordSize == 8)
  }

  @Test("in protected mode: no stack index, and no upper half")
  func protectedMode() throws {
    let descriptor = GateDescriptor(Self.entry[..<8])
    #expect(descriptor.offset == 0x4433_2211)
    #expect(descriptor.stackIndex == 0)
    #expect(try #require(InterruptGate(descriptor)).wordSize == 4)
  }

  @Test("a 16-bit gate has a 16-bit offset")
  func gate16() throws {
    var entry = Array(Self.entry[..<8])
    entry[5] = 0x86
    let gate = try #require(InterruptGate(GateDescriptor(entry)))
    #expect(gate.offset == 0x2211)
    #expect(gate.wordSize == 2)
    #expect(!gate.isTrap)
  }

  @Test("a task gate is one in protected mode only; in long mode its type is reserved")
  func taskGate() {
    var entry = Self.entry
    entry[5] = 0x85
    #expect(GateDescriptor(entry[..<8]).isTaskGate)
    #expect(!GateDescriptor(entry).isTaskGate)
    #expect(InterruptGate(GateDescriptor(entry)) == nil)
    #expect(GateDescriptor(entry).isPresent)
  }
}
