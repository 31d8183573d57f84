import CKVM
import KVM

/// The flat segments with which a Linux kernel is entered: code at selector 0x10 (`__BOOT_CS`) and data
/// at 0x18 (`__BOOT_DS`). A kernel that is entered by PVH gets the same.
struct KernelSegments {
  private let code: DescriptorTable.Descriptor
  private let data = DescriptorTable.Descriptor(
    selector: 0x18, privilege: 0, isCode: false, isLong: false)

  init(isLong: Bool) {
    code = DescriptorTable.Descriptor(selector: 0x10, privilege: 0, isCode: true, isLong: isLong)
  }

  /// Writes the global descriptor table. The caller has checked that RAM reaches beyond it.
  func write(to memory: GuestMemory) {
    for descriptor in [code, data] {
      _ = memory.store(
        descriptor.encoded,
        at: GuestAddress(MemoryMap.descriptorTable.rawValue + UInt64(descriptor.selector)))
    }
  }

  func load(into special: inout SpecialRegisters) {
    special.cs = code.segment
    special.loadDataSegments(data.segment)
    special.gdt.base = MemoryMap.descriptorTable.rawValue
    special.gdt.limit = data.selector + 7
    special.idt.base = 0
    special.idt.limit = 0
    // PVH wants an active TSS of the least size. Its type is busy, 32-bit or 64-bit by the mode.
    special.tr.base = 0
    special.tr.limit = 0x67
    special.tr.type = 0xB
  }
}
