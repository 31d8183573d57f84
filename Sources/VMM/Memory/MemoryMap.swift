/// Where things lie in guest physical memory.
///
/// RAM starts at 0. What does not fit below the hole for devices continues at 4 GiB, as on every
/// PC chipset. `guests/README.md` gives the same table to those who write guests.
public enum MemoryMap {
  /// The global descriptor table of the protected and the long entry state.
  static let descriptorTable: GuestAddress = 0x1000
  /// The task state segment, followed by its I/O permission bitmap.
  static let taskStateSegment: GuestAddress = 0x2000
  /// The boot-information block; the command line lies in the same page.
  public static let bootInformation: GuestAddress = 0x6000
  /// The command line of a kernel that has its boot information in the page before.
  static let kernelCommandLine: GuestAddress = 0x7000
  static let kernelCommandLineEnd: GuestAddress = 0x8000
  /// Where a PC's firmware loads a boot sector.
  public static let bootSector: GuestAddress = 0x7C00
  /// The page tables of the long entry state: PML4, PDPT, then the page directories.
  static let pageTables: GuestAddress = 0x1_0000
  /// The page tables may grow up to here, where the initial stack begins.
  static let pageTablesEnd: GuestAddress = 0x8_0000
  /// The initial stack pointer of the protected and the long entry state; it grows down.
  static let stackTop: GuestAddress = 0x9_0000
  /// Where a PC's video memory and ROMs begin: the end of what real mode calls RAM.
  static let conventionalMemoryEnd: GuestAddress = 0xA_0000
  /// The memory of a VGA, if the machine has one; else RAM.
  static let vgaWindow = conventionalMemoryEnd
  /// The characters of a VGA in text mode.
  static let vgaText: GuestAddress = 0xB_8000
  /// Where RAM goes on behind a VGA's memory.
  static let vgaWindowEnd: GuestAddress = 0xC_0000
  /// The ACPI and MP tables (``FirmwareTables``), up to ``highMemory``; at its start the RSDP.
  static let firmwareTables: GuestAddress = 0xF_0000
  /// The default load address of protected-mode and long-mode images.
  public static let highMemory: GuestAddress = 0x10_0000
  /// RAM below 4 GiB ends here at the latest.
  public static let lowMemoryEnd: GuestAddress = 0xC000_0000
  /// The linear framebuffer, where Bochs and QEMU put theirs.
  public static let framebuffer: GuestAddress = 0xE000_0000
  /// The most video memory that fits between the framebuffer's start and the next device.
  public static let maximumVideoMemory = 0x1000_0000
  /// RAM that does not fit below the hole continues here.
  public static let highRAM: GuestAddress = 0x1_0000_0000

  /// Three pages below the 4 GiB boundary that Intel hosts without unrestricted guest mode need
  /// for themselves (KVM API sections 4.13 and 4.41).
  static let identityMap: GuestAddress = 0xFFFB_C000
  static let kvmTaskStateSegment: GuestAddress = 0xFFFB_D000
  static let kvmPagesEnd: GuestAddress = 0xFFFC_0000

  /// Everything the loader writes must fit in RAM, and an image at its default address, too.
  public static let minimumRAM: UInt64 = 2 << 20
  /// The page tables between ``pageTables`` and ``pageTablesEnd`` map no more than this.
  public static let maximumRAM: UInt64 = 64 << 30
}
