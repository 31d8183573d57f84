/// How an image is to be loaded and entered: what `--format` chooses.
public enum ImageFormat: String, CaseIterable, Sendable {
  /// Raw code and data, entered in the documented flat state.
  case flat
  /// A boot sector, or a disk image that begins with one.
  case boot
  /// A DOS program without a header, loaded at offset 0x100 of its segment.
  case com
  /// A kernel that a Multiboot 1 loader starts.
  case multiboot
  /// A kernel that a Multiboot 2 loader starts.
  case multiboot2
  /// A Linux kernel by the Linux/x86 boot protocol (bzImage).
  case linux
  /// An ELF kernel by Xen's PVH boot protocol.
  case pvh
  /// An ELF executable, entered like a flat image.
  case elf

  /// What it is called in messages.
  public var summary: String {
    switch self {
    case .flat: "flat image"
    case .boot: "boot sector"
    case .com: "COM program"
    case .multiboot: "Multiboot 1 kernel"
    case .multiboot2: "Multiboot 2 kernel"
    case .linux: "Linux kernel (bzImage)"
    case .pvh: "PVH kernel"
    case .elf: "ELF executable"
    }
  }
}
