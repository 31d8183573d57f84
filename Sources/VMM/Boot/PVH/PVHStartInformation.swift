/// `struct hvm_start_info`, version 1, with the lists that it points to: what a kernel is told at its
/// PVH entry. It has no place for a screen: a kernel that is entered so finds none, whatever it is built
/// with.
///
/// Source: xen/include/public/arch-x86/hvm/start_info.h in Xen.
struct PVHStartInformation {
  /// `struct hvm_modlist_entry`, without a command line of its own.
  struct Module {
    let address: GuestAddress
    let size: UInt64
  }

  /// "xEn3" with the 0x80 bit of the "E" set.
  static let magic: UInt32 = 0x336E_C578
  static let address = MemoryMap.bootInformation

  private static let fixedSize: UInt64 = 56
  private static let moduleSize: UInt64 = 32

  let modules: [Module]
  let memoryMap: E820Map

  /// All of it, as it lies from ``address`` on.
  var bytes: [UInt8] {
    let moduleList = Self.address.rawValue + Self.fixedSize
    let mapAddress = moduleList + UInt64(modules.count) * Self.moduleSize
    var bytes: [UInt8] = []
    bytes.append(littleEndian: Self.magic)
    bytes.append(littleEndian: UInt32(1))  // version
    bytes.append(littleEndian: UInt32(0))  // flags
    bytes.append(littleEndian: UInt32(clamping: modules.count))
    bytes.append(littleEndian: modules.isEmpty ? 0 : moduleList)
    bytes.append(littleEndian: MemoryMap.kernelCommandLine.rawValue)
    bytes.append(littleEndian: MemoryMap.firmwareTables.rawValue)
    bytes.append(littleEndian: mapAddress)
    bytes.append(littleEndian: UInt32(clamping: memoryMap.entries.count))
    bytes.append(littleEndian: UInt32(0))
    for module in modules {
      bytes.append(littleEndian: module.address.rawValue)
      bytes.append(littleEndian: module.size)
      bytes.append(littleEndian: UInt64(0))  // its command line
      bytes.append(littleEndian: UInt64(0))
    }
    for entry in memoryMap.entries {
      bytes += entry.encoded
      bytes.append(littleEndian: UInt32(0))
    }
    return bytes
  }
}
