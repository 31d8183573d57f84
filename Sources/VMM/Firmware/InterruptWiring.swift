import Devices

/// How the interrupts of a PC reach its APICs: what MADT and MP table both tell.
enum InterruptWiring {
  static let localAPICAddress: UInt32 = 0xFEE0_0000
  static let ioAPICAddress: UInt32 = 0xFEC0_0000
  /// What the I/O APIC's identification register holds after reset. The message bus of a modern
  /// machine does not arbitrate by it, so it may be the same as a local APIC's.
  static let ioAPICID: UInt8 = 0

  /// The timer's ISA interrupt, and the input of the I/O APIC on which it arrives instead.
  static let timerInterrupt: UInt8 = 0
  static let timerPin: UInt8 = 2
  /// The ISA interrupt that the second PIC occupies; no device has it.
  static let cascadeInterrupt: UInt8 = 2
  static let sciInterrupt = ACPIPowerManagement.interrupt

  /// Polarity and trigger mode as both tables encode them: those of the bus, here ISA's active high
  /// and edge.
  static let conforming: UInt16 = 0
  /// Active high (bits 0 and 1), level (bits 2 and 3).
  static let levelActiveHigh: UInt16 = 0b1101
}
