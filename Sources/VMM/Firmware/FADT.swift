import Devices

/// The fixed ACPI description table: where ``ACPIPowerManagement`` has its registers, and what of a
/// PC's legacy hardware there is. ACPI specification 6.4, section 5.2.9.
enum FADT {
  /// - Parameters:
  ///   - facs: The address of the FACS.
  ///   - dsdt: The address of the DSDT.
  ///   - hasVGA: Whether there are the text mode and the ports of a VGA.
  static func make(facs: UInt32, dsdt: UInt32, hasVGA: Bool) -> [UInt8] {
    SystemDescriptionTable.make("FACP", revision: 6) { table in
      table.append(littleEndian: facs)
      table.append(littleEndian: dsdt)
      table.append(zeroes: 2)  // Reserved; preferred profile: unspecified.
      table.append(littleEndian: UInt16(ACPIPowerManagement.interrupt))
      table.append(littleEndian: UInt32(ACPIPowerManagement.commandPort))
      table.append(ACPIRegisters.acpiEnable)
      table.append(ACPIRegisters.acpiDisable)
      table.append(zeroes: 2)  // S4BIOS_REQ, PSTATE_CNT: not supported.
      appendBlocks(to: &table)
      table.append(littleEndian: noC2)
      table.append(littleEndian: noC3)
      table.append(zeroes: 6)  // Flushing by reading; throttling: WBINVD works, no duty cycle.
      table.append(zeroes: 2)  // No day and month alarm.
      table.append(centuryRegister)
      table.append(littleEndian: BootArchitecture.flags(hasVGA: hasVGA))
      table.append(0)
      table.append(littleEndian: Feature.flags)
      appendAddress(of: Block(port: resetPort, size: 1), to: &table)
      table.append(resetValue)
      table.append(littleEndian: UInt16(0))  // Boot architecture of ARM.
      table.append(4)  // Minor version: 6.4.
      // X_FIRMWARE_CTRL must be 0 where FIRMWARE_CTRL is not.
      table.append(littleEndian: UInt64(0))
      table.append(littleEndian: UInt64(dsdt))
      for block in blocks { appendAddress(of: block, to: &table) }
      table.append(zeroes: 24)  // SLEEP_CONTROL_REG, SLEEP_STATUS_REG: of reduced hardware.
      table.append(ascii: SystemDescriptionTable.oemTableID)
    }
  }

  /// A block of registers at I/O ports; none if its size is 0.
  private struct Block {
    var port: UInt16 = 0
    var size: UInt8 = 0
  }

  private static let event = Block(port: ACPIPowerManagement.eventPort, size: 4)
  private static let control = Block(port: ACPIPowerManagement.controlPort, size: 2)
  private static let timer = Block(port: ACPIPowerManagement.timerPort, size: 4)

  /// PM1a_EVT, PM1b_EVT, PM1a_CNT, PM1b_CNT, PM2_CNT, PM_TMR, GPE0, GPE1.
  private static let blocks = [
    event, Block(), control, Block(), Block(), timer, Block(), Block(),
  ]

  /// The fields for 32-bit addresses, and the lengths.
  private static func appendBlocks(to table: inout [UInt8]) {
    for block in blocks { table.append(littleEndian: UInt32(block.port)) }
    table.append(event.size)
    table.append(control.size)
    table.append(0)  // PM2_CNT_LEN.
    table.append(timer.size)
    table.append(zeroes: 4)  // GPE0_BLK_LEN, GPE1_BLK_LEN, GPE1_BASE, CST_CNT.
  }

  /// A generic address structure in system I/O space (section 5.2.3.2), accessed as a whole but for
  /// PM1a_EVT, which is two registers; zeroes if there is no block.
  private static func appendAddress(of block: Block, to table: inout [UInt8]) {
    guard block.size > 0 else { return table.append(zeroes: 12) }
    table.append(1)  // System I/O.
    table.append(block.size * 8)  // Bits.
    table.append(0)  // Their offset.
    let width = block.port == event.port ? block.size / 2 : block.size
    table.append(UInt8(1 + width.trailingZeroBitCount))  // 1: byte, 2: word, 3: doubleword.
    table.append(littleEndian: UInt64(block.port))
  }

  /// Latencies so large that the states count as not supported.
  private static let noC2: UInt16 = 0x0FFF
  private static let noC3: UInt16 = 0x0FFF
  /// Where the real-time clock's memory has the century.
  private static let centuryRegister: UInt8 = 0x32
  /// The reset control register of PC chipsets, and the value for a hard reset.
  private static let resetPort: UInt16 = 0xCF9
  private static let resetValue: UInt8 = 6

  /// IAPC_BOOT_ARCH.
  private enum BootArchitecture {
    static let legacyDevices: UInt16 = 1 << 0
    static let keyboardController: UInt16 = 1 << 1
    static let vgaNotPresent: UInt16 = 1 << 2

    static func flags(hasVGA: Bool) -> UInt16 {
      legacyDevices | keyboardController | (hasVGA ? 0 : vgaNotPresent)
    }
  }

  /// The fixed feature flags.
  private enum Feature {
    static let wbinvd: UInt32 = 1 << 0
    static let processorC1: UInt32 = 1 << 2
    /// There is no power button among the fixed features.
    static let noPowerButton: UInt32 = 1 << 4
    /// There is no sleep button among the fixed features.
    static let noSleepButton: UInt32 = 1 << 5
    /// The clock cannot wake the machine by the fixed features.
    static let noFixedRTC: UInt32 = 1 << 6
    /// The timer has 32 bits, not 24.
    static let timerIs32Bits: UInt32 = 1 << 8
    static let resetRegister: UInt32 = 1 << 10
    static let flags =
      wbinvd | processorC1 | noPowerButton | noSleepButton | noFixedRTC | timerIs32Bits
      | resetRegister
  }
}

/// The firmware ACPI control structure: the global lock, which lies in RAM that the guest writes.
/// ACPI specification 6.4, section 5.2.10.
enum FACS {
  static let alignment = 64

  static func make() -> [UInt8] {
    var table: [UInt8] = []
    table.append(ascii: "FACS")
    table.append(littleEndian: UInt32(64))
    // Hardware signature, waking vectors, global lock, flags: nothing sleeps, nobody holds the lock.
    table.append(zeroes: 24)
    table.append(2)  // Version.
    table.append(zeroes: 31)
    return table
  }
}
