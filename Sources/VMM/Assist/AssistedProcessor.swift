import CKVM
import KVM

/// A vCPU's state as an instruction of the assist finds and leaves it. A value: an instruction that
/// fails has changed a copy.
struct AssistedProcessor {
  /// What an instruction needs beside the registers: it costs an ioctl each, so only if it does.
  struct Needs: OptionSet {
    let rawValue: UInt8

    static let extendedState = Needs(rawValue: 1 << 0)
    static let extendedControl = Needs(rawValue: 1 << 1)
    static let timeStamp = Needs(rawValue: 1 << 2)
  }

  var registers: Registers
  var special: SpecialRegisters
  let features: ProcessorFeatures
  let memory: AssistMemory
  /// nil unless needed.
  var extended: ExtendedState?
  /// XCR0.
  var extendedControl: UInt64 = 0
  /// The time-stamp counter and IA32_TSC_AUX.
  var timeStamp: (counter: UInt64, auxiliary: UInt64) = (0, 0)
  /// Whether translations of the guest's that the host has are to be forgotten.
  var flushesTranslations = false
  /// Whether non-maskable interrupts are to be let in again.
  var unblocksNMI = false

  init(
    _ registers: Registers, _ special: SpecialRegisters, _ features: ProcessorFeatures,
    memory: AssistMemory
  ) {
    self.registers = registers
    self.special = special
    self.features = features
    self.memory = memory
  }

  var mode: ExecutionMode { ExecutionMode(registers, special) }

  var isLongModeActive: Bool { special.efer & ControlRegister.longModeActive != 0 }

  /// CPL.
  var privilegeLevel: UInt8 {
    switch mode {
    case .real: 0
    case .virtual8086: 3
    default: special.privilegeLevel
    }
  }

  /// How the code that runs accesses memory.
  var privilege: GuestAccess.Privilege { privilegeLevel == 3 ? .user : .supervisor }

  var guest: GuestAccess {
    GuestAccess(
      special: special, alignmentCheck: registers.rflags & Flag.alignmentCheck != 0,
      memory: memory)
  }

  /// The instruction at RIP, through the guest's page tables.
  func fetch() throws(Interruption) -> (instruction: Instruction, mnemonic: Mnemonic) {
    var bytes: [UInt8] = []
    while true {
      bytes += try fetch(from: UInt64(bytes.count))
      do throws(InstructionDecoder.Failure) {
        return try InstructionDecoder.decode(bytes, bits: mode.bits)
      } catch {
        switch error {
        case .incomplete: continue
        case .tooLong: throw .generalProtection()
        case .unknown: throw .unsupported
        }
      }
    }
  }

  /// The bytes from RIP + `offset` on, to the end of the page, the segment, or the longest instruction.
  private func fetch(from offset: UInt64) throws(Interruption) -> [UInt8] {
    var count = UInt64(InstructionDecoder.longestInstruction) &- offset
    var linear = registers.rip &+ offset
    if mode.bits != 64 {
      let pointer = (registers.rip & 0xFFFF_FFFF) + offset
      let limit = UInt64(special.cs.limit)
      guard pointer <= limit else { throw .generalProtection() }
      count = min(count, limit - pointer + 1)
      linear = special.cs.base &+ pointer
    }
    count = min(count, 4096 - linear % 4096)
    return try guest.read(Int(count), at: linear, as: privilege, .execute)
  }
}

/// What CPUID promises the guest, as far as instructions of the assist depend on it.
struct ProcessorFeatures: Equatable {
  var popcnt = true
  var crc32 = true
  var cmpxchg16b = true
  var rdtscp = true
  var clwb = true
  var clflushopt = true
  var invpcid = true
  var smap = true
  /// SSE3, as far as it is here.
  var fisttp = true
  /// Whether the x87 remembers where an operand was only if it caused an exception.
  var pointsAtOperandsOfExceptionsOnly = false
  var xgetbvOfInUse = true
  var xsaveopt = true
  var xsavec = true
  /// Beyond x87 and SSE.
  var components: [StateComponent] = []
}

extension ProcessorFeatures {
  /// Intel SDM volume 2, CPUID.
  init(_ cpuid: CPUID) {
    let basic = cpuid[function: 1]?.ecx ?? 0
    let structured = cpuid[function: 7]?.ebx ?? 0
    fisttp = basic & 1 != 0
    cmpxchg16b = basic >> 13 & 1 != 0
    crc32 = basic >> 20 & 1 != 0
    popcnt = basic >> 23 & 1 != 0
    pointsAtOperandsOfExceptionsOnly = structured >> 6 & 1 != 0
    invpcid = structured >> 10 & 1 != 0
    smap = structured >> 20 & 1 != 0
    clflushopt = structured >> 23 & 1 != 0
    clwb = structured >> 24 & 1 != 0
    rdtscp = (cpuid[function: 0x8000_0001]?.edx ?? 0) >> 27 & 1 != 0
    let extensions = cpuid[function: 0xD, index: 1]?.eax ?? 0
    xsaveopt = extensions & 1 != 0
    xsavec = extensions >> 1 & 1 != 0
    xgetbvOfInUse = extensions >> 2 & 1 != 0
    components = StateComponent.all(in: cpuid)
  }
}
