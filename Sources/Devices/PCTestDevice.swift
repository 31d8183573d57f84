import Synchronization

/// A 32-bit latch that is read and written in every width: what wide port accesses are tested with.
struct PortLatch: Equatable {
  private var value: UInt32 = 0

  /// `size` bytes, 1, 2 or 4, from byte `offset` on; what lies beyond the latch is dropped.
  mutating func write(_ data: UInt32, offset: UInt32, size: Int) {
    let mask = Self.mask(size) &<< (8 * (offset & 3))
    value = value & ~mask | data &<< (8 * (offset & 3)) & mask
  }

  /// `size` bytes from byte `offset` on; beyond the latch zeros.
  func read(offset: UInt32, size: Int) -> UInt32 {
    value &>> (8 * (offset & 3)) & Self.mask(size)
  }

  private static func mask(_ size: Int) -> UInt32 {
    switch size {
    case 1: 0xFF
    case 2: 0xFFFF
    default: .max
    }
  }
}

/// QEMU's `pc-testdev`, by which test kernels see what their own instructions do: its ports.
///
/// | port | |
/// |---|---|
/// | 0xE0-0xE3 | a latch of 32 bits |
/// | 0xE4 | a write makes the hypervisor forget its mapping of the page at the address written |
/// | 0xE8 | the same latch, a byte at a time: a wide access reaches one byte |
/// | 0x2000-0x200F | a write of a value that is not 0 raises the ISA interrupt of that number, 0 lowers it |
///
/// After `hw/misc/pc-testdev.c`. Its byte latch has four ports there; here Bochs's console has the
/// second. The latch in memory is ``PCTestMemory``.
public final class PCTestDevice: PortIODevice {
  /// All ports.
  public static let ports: [ClosedRange<UInt16>] = [
    0xE0...0xE3, 0xE4...0xE4, 0xE8...0xE8, interruptPorts,
  ]
  static let flushPort: UInt16 = 0xE4
  static let byteLatchPort: UInt16 = 0xE8
  static let interruptPorts: ClosedRange<UInt16> = 0x2000...0x200F

  private struct State {
    var latch = PortLatch()
    var levels: UInt16 = 0
  }

  private let interrupts: [any InterruptLine]
  private let onFlush: @Sendable (UInt64) -> Void
  private let state = Mutex(State())

  /// Creates the device, all zero.
  ///
  /// - Parameters:
  ///   - interrupts: The ISA interrupts from 0 on, at most 16.
  ///   - onFlush: Called with the guest physical address of a page, on the thread of the virtual CPU
  ///     that wrote it, without the device's lock. A hostile guest calls it as often as it can.
  public init(interrupts: [any InterruptLine], onFlush: @escaping @Sendable (UInt64) -> Void) {
    self.interrupts = interrupts
    self.onFlush = onFlush
  }

  /// Lowers all interrupts and clears the latch.
  public func reset() {
    state.withLock { state in
      for index in interrupts.indices where state.levels >> UInt16(index) & 1 != 0 {
        interrupts[index].set(false)
      }
      state = State()
    }
  }

  /// Reads the latch; 0 from the other ports.
  public func read(port: UInt16, size: Int) -> UInt32 {
    switch port {
    case 0xE0...0xE3:
      state.withLock { $0.latch.read(offset: UInt32(port & 3), size: size) }
    case Self.byteLatchPort: state.withLock { $0.latch.read(offset: 0, size: 1) }
    default: 0
    }
  }

  /// Writes the latch, flushes a page, or drives an interrupt.
  public func write(port: UInt16, size: Int, value: UInt32) {
    switch port {
    case 0xE0...0xE3:
      state.withLock { $0.latch.write(value, offset: UInt32(port & 3), size: size) }
    case Self.flushPort: onFlush(UInt64(value & ~0xFFF))
    case Self.byteLatchPort: state.withLock { $0.latch.write(value, offset: 0, size: 1) }
    case Self.interruptPorts: drive(Int(port - Self.interruptPorts.lowerBound), value != 0)
    default: break
    }
  }

  private func drive(_ number: Int, _ asserted: Bool) {
    guard interrupts.indices.contains(number) else { return }
    state.withLock { state in
      let bit = UInt16(1) << UInt16(number)
      guard (state.levels & bit != 0) != asserted else { return }
      state.levels ^= bit
      interrupts[number].set(asserted)
    }
  }
}
