import Devices

/// The differentiated system description table: the devices that no bus could enumerate, and how to
/// power off. ACPI specification 6.4, section 5.2.11.1.
///
/// In ASL:
///
/// ```
/// Scope (\_SB) {
///   Device (COM1) {
///     Name (_HID, EisaId ("PNP0501"))
///     Name (_CRS, ResourceTemplate () { IO (Decode16, 0x3F8, 0x3F8, 1, 8) IRQNoFlags () {4} })
///   }
///   …
///   Device (CP00) { Name (_HID, "ACPI0007") Name (_UID, 0) }
/// }
/// Name (_S5, Package () {0, 0, 0, 0})
/// ```
enum DSDT {
  static func make(cpuCount: UInt8) -> [UInt8] {
    var aml = AML()
    aml.scope("\\_SB_") { aml in
      device("COM1", 0x0501, [.ports(first: 0x3F8, count: 8), .interrupt(4)], to: &aml)
      device(
        "KBD_", 0x0303,
        [.ports(first: 0x60, count: 1), .ports(first: 0x64, count: 1), .interrupt(1)], to: &aml)
      device("MOU_", 0x0F13, [.interrupt(12)], to: &aml)
      device("RTC_", 0x0B00, [.ports(first: 0x70, count: 2), .interrupt(8)], to: &aml)
      for index in 0..<cpuCount { processor(index, to: &aml) }
    }
    aml.name("_S5_")
    aml.package(count: 4) { aml in
      aml.integer(UInt32(ACPIRegisters.softOffSleepType))  // For PM1a_CNT.
      for _ in 1...3 { aml.integer(0) }  // For PM1b_CNT, which does not exist; reserved.
    }
    // Revision 2: integers have 64 bits.
    return SystemDescriptionTable.make("DSDT", revision: 2) { $0.append(contentsOf: aml.bytes) }
  }

  private static func device(
    _ name: StaticString, _ plugAndPlayID: UInt16, _ resources: [Resource], to aml: inout AML
  ) {
    aml.device(name) { aml in
      aml.name("_HID")
      aml.plugAndPlayID(plugAndPlayID)
      aml.name("_CRS")
      aml.resources(resources)
    }
  }

  private static func processor(_ index: UInt8, to aml: inout AML) {
    aml.processorDevice(index) { aml in
      aml.name("_HID")
      aml.string("ACPI0007")
      aml.name("_UID")
      aml.integer(UInt32(index))
    }
  }
}
