import CKVM
import KVM

/// The state in which vCPU 0 enters a flat image, to the bit.
///
/// `guests/README.md` documents the same state for those who write guests; a test compares what a
/// vCPU holds with it.
struct EntryState {
  let image: FlatImage

  /// Writes what the mode needs into RAM: descriptor tables, page tables.
  func prepare(_ memory: GuestMemory) {
    guard image.mode != .real else { return }
    DescriptorTable.write(to: memory)
    TaskStateSegment.write(to: memory, mode: image.mode)
    if image.mode == .long { PageTables.write(to: memory) }
  }

  /// - Parameter hasLocalAPIC: Whether the machine has one. Otherwise IA32_APIC_BASE says so, from which
  ///   KVM takes the bit in CPUID.
  func load(into vcpu: borrowing VCPU, hasLocalAPIC: Bool = true) throws(KVMError) {
    var special = try vcpu.specialRegisters()
    if !hasLocalAPIC { special.apic_base &= ~Self.localAPICEnable }
    switch image.mode {
    case .real: enterReal(&special)
    case .protected: enterProtected(&special)
    case .long: enterLong(&special)
    }
    try vcpu.setSpecialRegisters(special)
    try vcpu.setRegisters(registers)
  }

  /// IA32_APIC_BASE, bit 11 (Intel SDM volume 3, "Local APIC Status and Location").
  private static let localAPICEnable: UInt64 = 1 << 11

  private var registers: Registers {
    var registers = Registers()
    // Bit 1 of the flags is reserved and always set.
    registers.rflags = 2
    registers.rdi = MemoryMap.bootInformation.rawValue
    switch image.mode {
    case .real:
      registers.rip = realModeEntry.offset
      registers.rsp = MemoryMap.bootSector.rawValue
      // The first hard disk, as a PC's firmware names the drive that it booted from.
      registers.rdx = 0x80
    case .protected, .long:
      registers.rip = image.entry.rawValue
      registers.rsp = MemoryMap.stackTop.rawValue
      registers.rax = UInt64(BootInformation.magic)
    }
    return registers
  }

  /// Segment 0 as long as the offset fits in IP.
  private var realModeEntry: (segment: UInt16, offset: UInt64) {
    let entry = image.entry.rawValue
    return entry <= 0xFFFF
      ? (0, entry) : (UInt16(truncatingIfNeeded: entry >> 4), entry & 0xF)
  }

  private func enterReal(_ special: inout SpecialRegisters) {
    var data = special.ds
    data.base = 0
    data.limit = 0xFFFF
    data.selector = 0
    loadDataSegments(data, into: &special)
    special.cs.selector = realModeEntry.segment
    special.cs.base = UInt64(realModeEntry.segment) << 4
    special.idt.base = 0
    special.idt.limit = 0x3FF
  }

  private func enterProtected(_ special: inout SpecialRegisters) {
    special.cs = DescriptorTable.code32.segment
    loadFlatTables(into: &special)
    special.cr0 = ControlRegister.protectionEnable | ControlRegister.extensionType
  }

  private func enterLong(_ special: inout SpecialRegisters) {
    special.cs = DescriptorTable.code64.segment
    loadFlatTables(into: &special)
    special.cr0 =
      ControlRegister.protectionEnable | ControlRegister.monitorCoprocessor
      | ControlRegister.extensionType | ControlRegister.numericError
      | ControlRegister.writeProtect | ControlRegister.paging
    special.cr3 = MemoryMap.pageTables.rawValue
    special.cr4 =
      ControlRegister.physicalAddressExtension | ControlRegister.osFXSR
      | ControlRegister.osXMMExceptions
    special.efer = ControlRegister.longModeEnable | ControlRegister.longModeActive
  }

  private func loadFlatTables(into special: inout SpecialRegisters) {
    loadDataSegments(DescriptorTable.data.segment, into: &special)
    special.tr = TaskStateSegment.segment
    special.gdt.base = MemoryMap.descriptorTable.rawValue
    special.gdt.limit = DescriptorTable.limit
    // Without a handler any exception ends in a triple fault, which is reported.
    special.idt.base = 0
    special.idt.limit = 0
  }

  private func loadDataSegments(_ segment: Segment, into special: inout SpecialRegisters) {
    special.ds = segment
    special.es = segment
    special.fs = segment
    special.gs = segment
    special.ss = segment
  }
}

/// Bits of CR0, CR4 and IA32_EFER (Intel SDM volume 3, section 2.5 and 2.2.1).
enum ControlRegister {
  static let protectionEnable: UInt64 = 1 << 0
  static let monitorCoprocessor: UInt64 = 1 << 1
  static let extensionType: UInt64 = 1 << 4
  static let numericError: UInt64 = 1 << 5
  static let writeProtect: UInt64 = 1 << 16
  static let paging: UInt64 = 1 << 31
  static let pageSizeExtensions: UInt64 = 1 << 4
  static let physicalAddressExtension: UInt64 = 1 << 5
  static let osFXSR: UInt64 = 1 << 9
  static let osXMMExceptions: UInt64 = 1 << 10
  static let linearAddresses57: UInt64 = 1 << 12
  static let longModeEnable: UInt64 = 1 << 8
  static let longModeActive: UInt64 = 1 << 10
}
