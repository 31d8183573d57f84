import CKVM
import KVM

/// The MP configuration table, for systems that look for processors without ACPI.
///
/// Intel, MultiProcessor Specification, version 1.4, chapter 4.
enum MPTable {
  /// What the entry of a processor repeats of CPUID leaf 1.
  struct Processor {
    /// EAX: stepping, model, family.
    var signature: UInt32
    /// EDX.
    var features: UInt32
  }

  /// The structure by which a system finds the table (section 4.1): no default configuration, and
  /// virtual wire mode without an IMCR.
  static func floatingPointer(table: UInt32) -> [UInt8] {
    var pointer: [UInt8] = []
    pointer.append(ascii: "_MP_")
    pointer.append(littleEndian: table)
    pointer.append(1)  // Length in units of 16 bytes.
    pointer.append(specificationRevision)
    pointer.append(0)  // Checksum, below.
    pointer.append(zeroes: 5)
    pointer[10] = pointer.checksum(0..<pointer.count)
    return pointer
  }

  /// - Parameters:
  ///   - cpuCount: Processors; their local APICs have the ids from 0, and 0 starts.
  ///   - processor: What processor each of them is.
  ///   - ioAPICVersion: The low byte of the I/O APIC's version register; nil if there is none.
  static func make(cpuCount: UInt8, processor: Processor, ioAPICVersion: UInt8?) -> [UInt8] {
    var table = Table()
    for id in 0..<cpuCount { table.appendProcessor(id: id, processor) }
    table.appendBus()
    if let ioAPICVersion {
      table.appendIOAPIC(version: ioAPICVersion)
      for interrupt in 0..<UInt8(16) where interrupt != InterruptWiring.cascadeInterrupt {
        table.appendInterrupt(interrupt)
      }
    }
    // The PICs' output arrives on LINT0 of the first processor, the NMI on LINT1 of all.
    table.appendLocalInterrupt(type: .external, apicID: 0, pin: 0)
    table.appendLocalInterrupt(type: .nonMaskable, apicID: 0xFF, pin: 1)
    return table.sealed()
  }

  private static let specificationRevision: UInt8 = 4

  private enum InterruptType: UInt8 {
    case vectored = 0
    case nonMaskable = 1
    /// The PIC supplies the vector (ExtINT).
    case external = 3
  }

  private struct Table {
    private var bytes: [UInt8] = []
    private var entryCount: UInt16 = 0

    init() {
      bytes.append(ascii: "PCMP")
      bytes.append(littleEndian: UInt16(0))  // Length, below.
      bytes.append(specificationRevision)
      bytes.append(0)  // Checksum, below.
      bytes.append(ascii: SystemDescriptionTable.oemID, paddedTo: 8)
      bytes.append(ascii: SystemDescriptionTable.oemTableID, paddedTo: 12)
      bytes.append(zeroes: 6)  // No OEM table.
      bytes.append(littleEndian: UInt16(0))  // Entries, below.
      bytes.append(littleEndian: InterruptWiring.localAPICAddress)
      bytes.append(zeroes: 4)  // No extended entries.
    }

    func sealed() -> [UInt8] {
      var table = bytes
      table.store(littleEndian: UInt16(truncatingIfNeeded: table.count), at: 4)
      table.store(littleEndian: entryCount, at: 34)
      table[7] = table.checksum(0..<table.count)
      return table
    }

    mutating func appendProcessor(id: UInt8, _ processor: Processor) {
      let enabled: UInt8 = 1
      let bootstrap: UInt8 = 2
      appendEntry(0)
      bytes.append(id)
      bytes.append(0x14)  // The version of an integrated local APIC.
      bytes.append(id == 0 ? enabled | bootstrap : enabled)
      bytes.append(littleEndian: processor.signature)
      bytes.append(littleEndian: processor.features)
      bytes.append(zeroes: 8)
    }

    /// ISA, the machine's only bus, with the id 0.
    mutating func appendBus() {
      appendEntry(1)
      bytes.append(0)
      bytes.append(ascii: "ISA", paddedTo: 6)
    }

    mutating func appendIOAPIC(version: UInt8) {
      appendEntry(2)
      bytes.append(InterruptWiring.ioAPICID)
      bytes.append(version)
      bytes.append(1)  // Usable.
      bytes.append(littleEndian: InterruptWiring.ioAPICAddress)
    }

    /// Where the I/O APIC has an ISA interrupt: on the input of the same number, but for the timer.
    mutating func appendInterrupt(_ interrupt: UInt8) {
      appendEntry(3)
      bytes.append(InterruptType.vectored.rawValue)
      bytes.append(
        littleEndian: interrupt == InterruptWiring.sciInterrupt
          ? InterruptWiring.levelActiveHigh : InterruptWiring.conforming)
      bytes.append(0)  // The bus.
      bytes.append(interrupt)
      bytes.append(InterruptWiring.ioAPICID)
      bytes.append(InterruptWiring.ioAPICPin(of: interrupt))
    }

    mutating func appendLocalInterrupt(type: InterruptType, apicID: UInt8, pin: UInt8) {
      appendEntry(4)
      bytes.append(type.rawValue)
      bytes.append(littleEndian: InterruptWiring.conforming)
      bytes.append(contentsOf: [0, 0])  // The bus and its interrupt.
      bytes.append(apicID)
      bytes.append(pin)
    }

    private mutating func appendEntry(_ type: UInt8) {
      bytes.append(type)
      entryCount &+= 1
    }
  }
}

extension MPTable.Processor {
  /// The processor that `cpuid` describes.
  init(_ cpuid: CPUID) {
    let leaf = cpuid[function: 1]
    self.init(signature: leaf?.eax ?? 0, features: leaf?.edx ?? 0)
  }
}
