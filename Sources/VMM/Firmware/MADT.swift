/// The multiple APIC description table: processors, I/O APIC, and which interrupts arrive elsewhere
/// than on the ISA bus. ACPI specification 6.4, section 5.2.12.
enum MADT {
  /// - Parameters:
  ///   - cpuCount: Processors; their local APICs have the ids from 0.
  ///   - hasIOAPIC: Whether there is an I/O APIC, with the global interrupts from 0.
  static func make(cpuCount: UInt8, hasIOAPIC: Bool) -> [UInt8] {
    SystemDescriptionTable.make("APIC", revision: 5) { table in
      table.append(littleEndian: InterruptWiring.localAPICAddress)
      table.append(littleEndian: UInt32(1))  // PCAT_COMPAT: there are two PICs as well.
      for id in 0..<cpuCount { appendLocalAPIC(id: id, to: &table) }
      if hasIOAPIC {
        appendIOAPIC(to: &table)
        appendOverride(
          of: InterruptWiring.timerInterrupt, input: InterruptWiring.timerPin,
          flags: InterruptWiring.conforming, to: &table)
        appendOverride(
          of: InterruptWiring.sciInterrupt, input: InterruptWiring.sciInterrupt,
          flags: InterruptWiring.levelActiveHigh, to: &table)
      }
      appendLocalAPICNMI(to: &table)
    }
  }

  private static func appendLocalAPIC(id: UInt8, to table: inout [UInt8]) {
    table.append(contentsOf: [0, 8])  // Type, length.
    table.append(id)  // The processor's _UID in the DSDT.
    table.append(id)
    table.append(littleEndian: UInt32(1))  // Enabled.
  }

  private static func appendIOAPIC(to table: inout [UInt8]) {
    table.append(contentsOf: [1, 12])
    table.append(InterruptWiring.ioAPICID)
    table.append(0)
    table.append(littleEndian: InterruptWiring.ioAPICAddress)
    table.append(littleEndian: UInt32(0))  // Its first global interrupt.
  }

  private static func appendOverride(
    of interrupt: UInt8, input: UInt8, flags: UInt16, to table: inout [UInt8]
  ) {
    table.append(contentsOf: [2, 10])
    table.append(0)  // ISA.
    table.append(interrupt)
    table.append(littleEndian: UInt32(input))
    table.append(littleEndian: flags)
  }

  /// The NMI arrives on LINT1 of all processors.
  private static func appendLocalAPICNMI(to table: inout [UInt8]) {
    table.append(contentsOf: [4, 6])
    table.append(0xFF)
    table.append(littleEndian: InterruptWiring.conforming)
    table.append(1)
  }
}
