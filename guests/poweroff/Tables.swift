/// What all ACPI tables but the RSDP begin with: signature, length, revision, checksum.
struct TableHeader {
  let address: UInt64
  static let size: UInt64 = 36

  var length: UInt64 { UInt64(memoryRead32(address + 4)) }

  /// Whether the signature is right and all bytes add up to 0.
  func isValid(_ signature: StaticString) -> Bool {
    hasSignature(signature, at: address) && length >= Self.size && sum(address, length) == 0
  }
}

/// The root system description pointer, revision 2.
struct RootPointer {
  let address: UInt64

  var xsdtAddress: UInt64 { memoryRead64(address + 24) }

  /// Where a PC has it: at a multiple of 16 in the BIOS's area.
  static func find() -> RootPointer? {
    for address in stride(from: UInt64(0xE0000), to: 0x100000, by: 16)
    where hasSignature("RSD PTR ", at: address) && sum(address, 20) == 0 && sum(address, 36) == 0 {
      return RootPointer(address: address)
    }
    return nil
  }
}

/// The extended system description table: the addresses of the others.
struct RootTable {
  let header: TableHeader

  init(address: UInt64) { header = TableHeader(address: address) }

  /// The first table with that signature, if its sum is 0.
  func find(_ signature: StaticString) -> TableHeader? {
    let end = header.address + header.length
    for entry in stride(from: header.address + TableHeader.size, to: end, by: 8) {
      let table = TableHeader(address: memoryRead64(entry))
      if table.isValid(signature) { return table }
    }
    return nil
  }
}

/// The fixed ACPI description table.
struct FixedTable {
  private let address: UInt64
  private static let sciEnabled: UInt16 = 0x0001
  private static let sleepEnable: UInt16 = 0x2000

  init(_ header: TableHeader) { address = header.address }

  var dsdtAddress: UInt64 { UInt64(memoryRead32(address + 40)) }
  private var commandPort: UInt16 { UInt16(truncatingIfNeeded: memoryRead32(address + 48)) }
  private var enableValue: UInt8 { memoryRead8(address + 52) }
  private var controlPort: UInt16 { UInt16(truncatingIfNeeded: memoryRead32(address + 64)) }

  /// From legacy to ACPI mode, if the machine is not in it already.
  func enable() -> Bool {
    if portRead16(controlPort) & Self.sciEnabled != 0 { return true }
    portWrite8(commandPort, enableValue)
    return eventually { portRead16(controlPort) & Self.sciEnabled != 0 }
  }

  func sleep(type: UInt8) {
    portWrite16(controlPort, UInt16(type & 7) << 10 | Self.sleepEnable | Self.sciEnabled)
  }
}

/// The multiple APIC description table.
struct InterruptTable {
  let header: TableHeader

  /// How many local APICs are enabled.
  var processorCount: UInt32 {
    let end = header.address + header.length
    var entry = header.address + TableHeader.size + 8
    var count: UInt32 = 0
    while entry + 2 <= end {
      let length = UInt64(memoryRead8(entry + 1))
      guard length >= 2 else { break }
      if memoryRead8(entry) == 0, memoryRead32(entry + 4) & 1 != 0 { count += 1 }
      entry += length
    }
    return count
  }
}

/// `\_S5` in AML: a package whose first element is the sleep type for PM1a_CNT.
enum SleepPackage {
  private static let packageOp: UInt8 = 0x12
  private static let bytePrefix: UInt8 = 0x0A

  /// Looks for the name, as small kernels without an AML interpreter do.
  static func find(in table: TableHeader) -> UInt8? {
    let end = table.address + table.length
    for address in stride(from: table.address + TableHeader.size, to: end - 8, by: 1)
    where hasSignature("_S5_", at: address) && memoryRead8(address + 4) == packageOp {
      // The package's length has as many more bytes as its top two bits say.
      let lengthBytes = 1 + UInt64(memoryRead8(address + 5) >> 6)
      let element = address + 5 + lengthBytes + 1
      let value = memoryRead8(element)
      // ZeroOp and OneOp are their own values.
      return value == bytePrefix ? memoryRead8(element + 1) : value
    }
    return nil
  }
}

private func hasSignature(_ signature: StaticString, at address: UInt64) -> Bool {
  for offset in 0..<signature.utf8CodeUnitCount
  where unsafe memoryRead8(address + UInt64(offset)) != signature.utf8Start[offset] {
    return false
  }
  return true
}

/// The sum of `count` bytes, modulo 256.
private func sum(_ address: UInt64, _ count: UInt64) -> UInt8 {
  var sum: UInt8 = 0
  for offset in 0..<count { sum &+= memoryRead8(address + offset) }
  return sum
}
