import Devices
import KVM

/// How the interrupts of a PC reach its APICs: what MADT and MP table both tell.
enum InterruptWiring {
  static let localAPICAddress: UInt32 = 0xFEE0_0000
  static let ioAPICAddress = UInt32(IOAPIC.address)
  /// What the I/O APIC's identification register holds after reset. The message bus of a modern
  /// machine does not arbitrate by it, so it may be the same as a local APIC's.
  static let ioAPICID: UInt8 = 0

  /// The timer's ISA interrupt, and the input of the I/O APIC on which it arrives instead.
  static let timerInterrupt: UInt8 = 0
  static let timerPin: UInt8 = 2

  /// The input of the I/O APIC on which ISA interrupt `interrupt` arrives.
  static func ioAPICPin<Number: BinaryInteger>(of interrupt: Number) -> Number {
    interrupt == Number(timerInterrupt) ? Number(timerPin) : interrupt
  }

  /// The ISA interrupt that the second PIC occupies; no device has it.
  static let cascadeInterrupt: UInt8 = 2
  static let sciInterrupt = ACPIPowerManagement.interrupt

  /// The same for KVM's controllers, whose default routes have the timer on input 0. Interrupts 0 to
  /// 15 lead to a PIC and to the I/O APIC, 16 to 23 to the I/O APIC alone, the cascade nowhere.
  static var kernelRoutes: [GSIRoute] {
    var routes: [GSIRoute] = []
    for gsi in 0..<UInt32(IOAPICRegisters.pinCount) {
      if gsi < 16, gsi != UInt32(cascadeInterrupt) {
        routes.append(.irqChip(gsi: gsi, gsi < 8 ? .picMaster : .picSlave, pin: gsi % 8))
      }
      if gsi != UInt32(timerPin) {
        routes.append(.irqChip(gsi: gsi, .ioapic, pin: ioAPICPin(of: gsi)))
      }
    }
    return routes
  }

  /// Polarity and trigger mode as both tables encode them: those of the bus, here ISA's active high
  /// and edge.
  static let conforming: UInt16 = 0
  /// Active high (bits 0 and 1), level (bits 2 and 3).
  static let levelActiveHigh: UInt16 = 0b1101
}
