import Synchronization

/// The ports at which small kernels switch off a virtual machine when they have not read its ACPI
/// tables: a value that each hypervisor is known for at a port of its own.
///
/// The values are those that an ACPI power-off would write to PM1a_CNT on the boards in question:
/// SLP_EN, and the board's SLP_TYP for S5. Another value does nothing, and reads are all ones.
public final class PowerOffPorts: PortIODevice {
  /// A 16-bit register that takes one value.
  struct Register {
    let port: UInt16
    let value: UInt16
  }

  /// Bochs and old QEMU; VirtualBox. That of newer QEMU, 0x604, is ``ACPIPowerManagement``'s own.
  static let registers = [
    Register(port: 0xB004, value: 0x2000), Register(port: 0x4004, value: 0x3400),
  ]

  /// Where Bochs takes the text ``shutdownText``.
  static let shutdownPort: UInt16 = 0x8900
  /// What Bochs wants to be told, a byte at a time.
  static let shutdownText = [UInt8]("Shutdown".utf8)

  /// All ports.
  public static let ports: [ClosedRange<UInt16>] =
    registers.map { $0.port...($0.port + 1) } + [shutdownPort...shutdownPort]

  private let onPowerOff: @Sendable () -> Void
  /// How much of the text has been written.
  private let spelled = Mutex(0)

  /// Creates the ports.
  ///
  /// - Parameter onPowerOff: Called on the thread of the virtual CPU that wrote what switches the
  ///   machine off, without the device's lock; it must not block.
  public init(onPowerOff: @escaping @Sendable () -> Void) {
    self.onPowerOff = onPowerOff
  }

  /// Reads as all ones.
  public func read(port: UInt16, size: Int) -> UInt32 { .max }

  /// Switches the machine off if the value is the port's.
  public func write(port: UInt16, size: Int, value: UInt32) {
    if port == Self.shutdownPort {
      if spell(UInt8(truncatingIfNeeded: value)) { onPowerOff() }
    } else if size >= 2,
      Self.registers.contains(where: {
        $0.port == port && $0.value == UInt16(truncatingIfNeeded: value)
      })
    {
      onPowerOff()
    }
  }

  /// Takes the next letter; true when the text is complete.
  private func spell(_ letter: UInt8) -> Bool {
    spelled.withLock { spelled in
      if letter != Self.shutdownText[spelled] { spelled = 0 }
      // No letter but the first is an S, so that a text which breaks off can begin again only there.
      if letter == Self.shutdownText[spelled] { spelled += 1 }
      guard spelled == Self.shutdownText.count else { return false }
      spelled = 0
      return true
    }
  }
}
