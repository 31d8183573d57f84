import CKVM
import KVM
import TestSupport

@testable import VMM

/// A vCPU without KVM in the entry state of a flat guest, whose instructions the assist executes.
struct AssistGuest {
  static let code: UInt64 = 0x10_0000
  static let idt: UInt64 = 0x8000
  static let userStack: UInt64 = 0x8_8000
  static let supervisorStack: UInt64 = 0x8_0000
  static let handler: UInt64 = 0x9_1000

  let memory: GuestMemory
  var processor: AssistedProcessor

  /// In long mode.
  init(_ code: [UInt8]) throws { try self.init(.long, code) }

  init(_ mode: CPUMode, _ code: [UInt8]) throws {
    memory = try GuestMemory(size: 2 << 20)
    let entry = EntryState(image: try FlatImage.code([0xF4], mode: mode))
    entry.prepare(memory)
    var registers = Registers()
    registers.rflags = 2
    var special = SpecialRegisters()
    entry.enter(&registers, &special)
    if mode == .real {
      special.cs.base = Self.code
      special.cs.limit = 0xFFFF
    }
    special.idt.base = Self.idt
    special.idt.limit = 0xFFF
    processor = AssistedProcessor(
      registers, special, ProcessorFeatures(), memory: AssistMemory(ram: memory))
    processor.extended = ExtendedState(XSAVEArea(words: [UInt32](repeating: 0, count: 1024)))
    processor.extended?.initializeX87()
    processor.extended?.mxcsr = 0x1F80
    _ = memory.store(UInt32(truncatingIfNeeded: Self.supervisorStack), at: 0x2004)
    load(code)
  }

  /// Puts `code` at CS:RIP.
  mutating func load(_ code: [UInt8]) {
    processor.registers.rip = processor.mode.isReal ? 0 : Self.code
    _ = memory.write(code, at: GuestAddress(Self.code))
  }

  /// Executes the instruction at RIP.
  mutating func step() throws(Interruption) {
    let (instruction, mnemonic) = try processor.fetch()
    try processor.execute(instruction, mnemonic)
  }

  /// Why the instruction at RIP is not executed; nil if it is. The processor is as before then.
  mutating func interruption() -> Interruption? {
    let before = processor
    do {
      try step()
      return nil
    } catch {
      processor = before
      return error
    }
  }

  /// The same at CPL 3.
  mutating func enterUserMode() {
    let is64Bit = processor.mode.bits == 64
    let code = is64Bit ? VMM.DescriptorTable.userCode64 : VMM.DescriptorTable.userCode32
    processor.special.cs = code.segment
    processor.special.ss = VMM.DescriptorTable.userData.segment
    processor.registers.rsp = Self.userStack
  }

  /// Writes a gate of the IDT. `type` is its fifth byte and sixth byte: `0x8E00` with DPL and IST.
  func setGate(
    _ vector: Int, type: UInt16 = 0x8E00, selector: UInt16? = nil, offset: UInt64 = handler
  ) {
    let isLong = processor.isLongModeActive
    let selector = selector ?? (isLong ? 0x08 : 0x18)
    let low =
      offset & 0xFFFF | UInt64(selector) << 16 | UInt64(type) << 32
      | (offset >> 16 & 0xFFFF) << 48
    let address = Self.idt + UInt64(vector) * (isLong ? 16 : 8)
    _ = memory.store(low, at: GuestAddress(address))
    if isLong { _ = memory.store(offset >> 32, at: GuestAddress(address + 8)) }
  }

  /// Writes a descriptor of the GDT.
  func setDescriptor(_ selector: UInt16, _ value: UInt64) {
    _ = memory.store(value, at: GuestAddress(0x1000 + UInt64(selector & ~7)))
  }

  /// The `count` words of `size` bytes from the stack pointer on.
  func stack(_ count: Int, size: Int) -> [UInt64] {
    (0..<count).map { index in
      let address = processor.registers.rsp + UInt64(index * size)
      return memory.read(size, at: GuestAddress(address))?.littleEndian ?? .max
    }
  }

  /// Puts `words` of `size` bytes on the stack, the first one lowest.
  mutating func push(_ words: [UInt64], size: Int) {
    processor.registers.rsp -= UInt64(words.count * size)
    _ = memory.write(
      words.flatMap { $0.littleEndianBytes(size) }, at: GuestAddress(processor.registers.rsp))
  }
}

// MARK: - Operands in memory

extension AssistGuest {
  static let data: UInt64 = 0x500
  static let result: UInt64 = 0x540

  /// In long mode, with `words` at RSI, and RDI where there is room for a result.
  init(words: [UInt64], control: UInt16 = 0x37F) throws {
    try self.init([])
    processor.registers.rsi = Self.data
    processor.registers.rdi = Self.result
    processor.extended?.control = control
    for (index, word) in words.enumerated() {
      _ = memory.store(word, at: GuestAddress(Self.data + 8 * UInt64(index)))
    }
  }

  init(_ operands: [Double], control: UInt16 = 0x37F) throws {
    try self.init(words: operands.map(\.bitPattern), control: control)
  }

  mutating func run(_ code: [UInt8]) throws {
    load(code)
    try step()
  }

  /// Register ST(`index`).
  func st(_ index: Int) -> Float80 {
    guard let words = processor.extended?.area.words else { return .nan }
    let word = 8 + 4 * index
    return Float80(
      sign: words[word + 2] >> 15 & 1 == 0 ? .plus : .minus,
      exponentBitPattern: UInt(words[word + 2] & 0x7FFF),
      significandBitPattern: UInt64(words[word]) | UInt64(words[word + 1]) << 32)
  }
}
