public import CKVM
public import KVM

/// Everything that tells where a vCPU was, and why it may be there.
public struct VCPUState: Sendable {
  /// Instructions that are shown from RIP on; one has at most 15 bytes.
  static let shownInstructions = 5
  static let longestInstruction = 15

  /// What KVM and the exit loop know of a vCPU; the rest follows from it and from memory.
  struct Source {
    var cpu: UInt32 = 0
    var registers: Registers
    var specialRegisters: SpecialRegisters
    var debugRegisters: DebugRegisters?
    var events: VCPUEvents?
    var mpState: MPState?
    var exits: [ExitRecord] = []
    /// The instruction's bytes as KVM has fetched them, if it told.
    var instruction: [UInt8] = []
  }

  public let cpu: UInt32
  public let registers: Registers
  public let specialRegisters: SpecialRegisters
  /// nil when KVM would not tell; as the next two.
  public let debugRegisters: DebugRegisters?
  public let events: VCPUEvents?
  public let mpState: MPState?
  /// The last accesses to devices, the oldest first.
  public let exits: [ExitRecord]
  public let mode: ExecutionMode

  /// The linear address of the instruction.
  public let instructionPointer: UInt64
  /// The bytes from there on, as far as they are mapped and RAM, for a few instructions.
  public let code: [UInt8]
  /// The walks for the instruction, the word that the next push writes, and CR2.
  public let instructionWalk: PageWalk
  public let stackWalk: PageWalk
  public let faultWalk: PageWalk
  public let gdt: DescriptorTableSummary
  public let idt: InterruptTableSummary
  public let map: PhysicalMap

  init(_ source: Source, in map: PhysicalMap) {
    let (registers, special) = (source.registers, source.specialRegisters)
    cpu = source.cpu
    self.registers = registers
    specialRegisters = special
    debugRegisters = source.debugRegisters
    events = source.events
    mpState = source.mpState
    exits = source.exits
    mode = ExecutionMode(registers, special)
    self.map = map

    let linear = LinearMemory(special: special, memory: map.memory)
    instructionPointer = mode.bits == 64 ? registers.rip : special.cs.base &+ registers.rip
    let bytes = linear.read(
      Self.shownInstructions * Self.longestInstruction, at: instructionPointer)
    // What was fetched counts, if the guest has overwritten it since.
    code = bytes.starts(with: source.instruction) ? bytes : source.instruction
    instructionWalk = PageWalk(instructionPointer, special, in: map.memory)
    stackWalk = PageWalk(
      Self.nextPush(registers, special, mode), special, in: map.memory)
    faultWalk = PageWalk(special.cr2, special, in: map.memory)
    gdt = DescriptorTableSummary(gdt: special.gdt, in: linear)
    idt = InterruptTableSummary(
      special.idt, mode, isLongMode: special.efer & ControlRegister.longModeActive != 0,
      in: linear)
  }

  /// The linear address that the next push writes to.
  private static func nextPush(
    _ registers: Registers, _ special: SpecialRegisters, _ mode: ExecutionMode
  ) -> UInt64 {
    if mode.bits == 64 { return registers.rsp &- 8 }
    return special.ss.db != 0
      ? special.ss.base &+ (registers.rsp &- 4 & 0xFFFF_FFFF)
      : special.ss.base &+ (registers.rsp &- 2 & 0xFFFF)
  }

  /// The first instructions from RIP on. What follows the first one and is zeroed is no code.
  func instructions(_ disassembler: Disassembler?) -> [DisassembledInstruction] {
    let found =
      disassembler?.instructions(
        in: code, at: instructionPointer, bits: mode.bits, count: Self.shownInstructions) ?? []
    return found.prefix(1) + found.dropFirst().prefix { $0.bytes.contains { $0 != 0 } }
  }
}

extension VCPUState {
  /// Reads what KVM knows of `vcpu`, in its thread; nil if KVM does not tell its registers.
  init?(
    _ vcpu: borrowing VCPU, exits: [ExitRecord], instruction: [UInt8] = [], in map: PhysicalMap
  ) {
    guard let registers = try? vcpu.registers(), let special = try? vcpu.specialRegisters() else {
      return nil
    }
    self.init(
      Source(
        cpu: vcpu.id, registers: registers, specialRegisters: special,
        debugRegisters: try? vcpu.debugRegisters(), events: try? vcpu.events(),
        mpState: try? vcpu.mpState(), exits: exits, instruction: instruction),
      in: map)
  }
}
