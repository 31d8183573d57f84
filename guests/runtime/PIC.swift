/// The two 8259As of a PC: IRQ 0 to 15 on vectors from ``base`` on.
enum PIC {
  static let base: UInt8 = 0x20
  private static let first: UInt16 = 0x20
  private static let second: UInt16 = 0xA0

  /// Sets both up, edge-triggered, with every IRQ masked.
  static func initialize() {
    initialize(first, vectors: base, cascade: 1 << 2)  // the second one is at input 2
    initialize(second, vectors: base + 8, cascade: 2)
    // A request that goes away before it is acknowledged becomes input 7 of its PIC, which then has
    // nothing to end.
    Interrupts.install(base + 7, end: .none)
    Interrupts.install(base + 15, end: .firstPIC)
  }

  /// Lets `irq` through, and counts it.
  static func unmask(_ irq: UInt8) {
    Interrupts.install(vector(irq), end: irq < 8 ? .firstPIC : .secondPIC)
    if irq < 8 {
      portWrite8(first + 1, portRead8(first + 1) & ~(1 << irq))
    } else {
      portWrite8(second + 1, portRead8(second + 1) & ~(1 << (irq - 8)))
      portWrite8(first + 1, portRead8(first + 1) & ~(1 << 2))
    }
  }

  static func mask(_ irq: UInt8) {
    let port = (irq < 8 ? first : second) + 1
    portWrite8(port, portRead8(port) | 1 << (irq & 7))
  }

  static func vector(_ irq: UInt8) -> UInt8 { base + irq }

  private static func initialize(_ port: UInt16, vectors: UInt8, cascade: UInt8) {
    portWrite8(port, 0x11)  // ICW1: edge-triggered, cascaded, ICW4 follows
    portWrite8(port + 1, vectors)  // ICW2
    portWrite8(port + 1, cascade)  // ICW3
    portWrite8(port + 1, 0x01)  // ICW4: 8086 mode
    portWrite8(port + 1, 0xFF)  // OCW1: everything masked
  }
}
