import CKVM
import KVM

/// The state in which vCPU 0 enters a flat image, to the bit.
///
/// `guests/README.md` documents the same state for those who write guests; a test compares what a
/// vCPU holds with it.
struct EntryState: BootLoader {
  private enum Contents {
    case flat(FlatImage)
    case segments(ELFFile)
  }

  private let contents: Contents
  private let mode: CPUMode
  private let entry: GuestAddress

  init(image: FlatImage) {
    contents = .flat(image)
    mode = image.mode
    entry = image.entry
  }

  init(image: ELFImage) {
    contents = .segments(image.elf)
    mode = image.mode
    entry = image.entry
  }

  /// Writes the image, what the mode needs (descriptor tables, page tables), and the boot-information
  /// block.
  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    try loadImage(into: memory)
    prepare(memory)
    BootInformation(platform: platform).write(to: memory)
  }

  /// Writes the image alone.
  func loadImage(into memory: GuestMemory) throws(VMMError) {
    switch contents {
    case .flat(let image): try image.file.load(into: memory, at: image.loadAddress)
    case .segments(let elf): try elf.placement.load(elf.file, into: memory)
    }
  }

  /// Writes the descriptor tables and page tables that the mode needs.
  func prepare(_ memory: GuestMemory) {
    guard mode != .real else { return }
    DescriptorTable.write(to: memory)
    TaskStateSegment.write(to: memory, mode: mode)
    if mode == .long { PageTables.write(to: memory) }
  }

  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters) {
    switch mode {
    case .real: enterReal(&special)
    case .protected: enterProtected(&special)
    case .long: enterLong(&special)
    }
    registers.rdi = MemoryMap.bootInformation.rawValue
    switch mode {
    case .real:
      registers.rip = realModeEntry.offset
      registers.rsp = MemoryMap.bootSector.rawValue
      // The first hard disk, as a PC's firmware names the drive that it booted from.
      registers.rdx = 0x80
    case .protected, .long:
      registers.rip = entry.rawValue
      registers.rsp = MemoryMap.stackTop.rawValue
      registers.rax = UInt64(BootInformation.magic)
    }
  }

  /// Segment 0 as long as the offset fits in IP.
  private var realModeEntry: (segment: UInt16, offset: UInt64) {
    let address = entry.rawValue
    return address <= 0xFFFF
      ? (0, address) : (UInt16(truncatingIfNeeded: address >> 4), address & 0xF)
  }

  private func enterReal(_ special: inout SpecialRegisters) {
    var data = special.ds
    data.base = 0
    data.limit = 0xFFFF
    data.selector = 0
    special.loadDataSegments(data)
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
    special.loadDataSegments(DescriptorTable.data.segment)
    special.tr = TaskStateSegment.segment
    special.gdt.base = MemoryMap.descriptorTable.rawValue
    special.gdt.limit = DescriptorTable.limit
    // Without a handler any exception ends in a triple fault, which is reported.
    special.idt.base = 0
    special.idt.limit = 0
  }
}

/// Bits of CR0, CR4 and IA32_EFER (Intel SDM volume 3, section 2.5 and 2.2.1).
enum ControlRegister {
  static let protectionEnable: UInt64 = 1 << 0
  static let monitorCoprocessor: UInt64 = 1 << 1
  static let emulation: UInt64 = 1 << 2
  static let taskSwitched: UInt64 = 1 << 3
  static let extensionType: UInt64 = 1 << 4
  static let numericError: UInt64 = 1 << 5
  static let writeProtect: UInt64 = 1 << 16
  static let alignmentMask: UInt64 = 1 << 18
  static let paging: UInt64 = 1 << 31
  static let timeStampDisable: UInt64 = 1 << 2
  static let pageSizeExtensions: UInt64 = 1 << 4
  static let physicalAddressExtension: UInt64 = 1 << 5
  static let osFXSR: UInt64 = 1 << 9
  static let osXMMExceptions: UInt64 = 1 << 10
  static let linearAddresses57: UInt64 = 1 << 12
  static let processContextIdentifiers: UInt64 = 1 << 17
  static let osXSAVE: UInt64 = 1 << 18
  static let supervisorExecutionPrevention: UInt64 = 1 << 20
  static let supervisorAccessPrevention: UInt64 = 1 << 21
  static let protectionKeys: UInt64 = 1 << 22
  static let controlFlowEnforcement: UInt64 = 1 << 23
  static let supervisorProtectionKeys: UInt64 = 1 << 24
  static let longModeEnable: UInt64 = 1 << 8
  static let longModeActive: UInt64 = 1 << 10
  static let noExecuteEnable: UInt64 = 1 << 11
}
