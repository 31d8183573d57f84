package import Devices
package import KVM

/// Brings port accesses to their devices.
///
/// A table with one byte for each of the 65,536 ports gives the device's index. The bus does not
/// change once the machine runs, so that any number of vCPUs use it without a lock.
@safe
package final class PortBus: @unchecked Sendable {
  /// Index 0 means unclaimed.
  private let indexOfPort: UnsafeMutablePointer<UInt8>
  private let devices: UnsafeMutableBufferPointer<Unmanaged<Mounting>>
  /// The port whose OUT is no device's business but that of whoever has the vCPU.
  private let callPort: UInt16?
  /// Counts what goes to no device, in memory, too.
  let unclaimed = UnclaimedAccesses()

  /// - Parameters:
  ///   - claims: Each device with its ports; at most 254, without overlaps.
  ///   - callPort: See ``serve(_:)``; no device's.
  package init(
    _ claims: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)], callPort: UInt16? = nil
  ) {
    self.callPort = callPort
    unsafe indexOfPort = .allocate(capacity: 1 << 16)
    unsafe indexOfPort.initialize(repeating: 0, count: 1 << 16)
    unsafe devices = .allocate(capacity: claims.count + 1)
    unsafe devices.initializeElement(at: 0, to: .passRetained(Mounting(UnclaimedPorts())))
    for (index, claim) in claims.enumerated() {
      unsafe devices.initializeElement(
        at: index + 1, to: .passRetained(Mounting(claim.device)))
      for port in claim.ports.joined() {
        unsafe indexOfPort[Int(port)] = UInt8(index + 1)
      }
    }
  }

  deinit {
    for index in unsafe devices.indices { unsafe devices[index].release() }
    unsafe devices.deallocate()
    unsafe indexOfPort.deallocate()
  }

  /// Serves one `KVM_EXIT_IO`: `count` accesses of `size` bytes at the same port.
  ///
  /// - Returns: False for an OUT to the call port, which is not served: its caller must.
  @discardableResult
  package func serve(_ access: PortIO) -> Bool {
    let index = unsafe Int(indexOfPort[Int(access.port)])
    // No device has the call port, so that the others have nothing to ask.
    guard index != 0 else { return serveUnclaimed(access) }
    // Borrowed from the table, which outlives every access: no reference is counted.
    unsafe devices[index]._withUnsafeGuaranteedRef { $0.serve(access) }
    return true
  }

  /// Reads a byte as a guest would, for who acts in its place: not counted if no device has the port.
  func read(_ port: UInt16) -> UInt8 {
    let index = unsafe Int(indexOfPort[Int(port)])
    let value = unsafe devices[index]._withUnsafeGuaranteedRef {
      $0.device.read(port: port, size: 1)
    }
    return UInt8(truncatingIfNeeded: value)
  }

  /// Writes a byte as a guest would, for who acts in its place: not counted if no device has the port.
  func write(_ port: UInt16, _ value: UInt8) {
    let index = unsafe Int(indexOfPort[Int(port)])
    unsafe devices[index]._withUnsafeGuaranteedRef {
      $0.device.write(port: port, size: 1, value: UInt32(value))
    }
  }

  private func serveUnclaimed(_ access: PortIO) -> Bool {
    if access.port == callPort, access.direction == .out { return false }
    unclaimed.countPort(isWrite: access.direction == .out, access.count)
    guard access.direction == .in else { return true }
    unsafe access.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    return true
  }
}

/// A device at its place in the table.
private final class Mounting {
  let device: any PortIODevice

  init(_ device: any PortIODevice) {
    self.device = device
  }

  func serve(_ access: PortIO) {
    var data = unsafe access.data
    for _ in 0..<access.count {
      switch access.direction {
      case .out:
        let value = unsafe loadValue(from: data, size: access.size)
        device.write(port: access.port, size: access.size, value: value)
      case .in:
        let value = device.read(port: access.port, size: access.size)
        unsafe storeValue(value, to: data, size: access.size)
      }
      unsafe data += access.size
    }
  }
}

/// The little-endian value of `size` bytes, 1, 2 or 4.
@unsafe
private func loadValue(from data: UnsafeRawPointer, size: Int) -> UInt32 {
  switch size {
  case 1: unsafe UInt32(data.load(as: UInt8.self))
  case 2: unsafe UInt32(data.loadUnaligned(as: UInt16.self))
  default: unsafe data.loadUnaligned(as: UInt32.self)
  }
}

/// Stores the low `size` bytes of `value`, 1, 2 or 4, little endian.
@unsafe
private func storeValue(_ value: UInt32, to data: UnsafeMutableRawPointer, size: Int) {
  switch size {
  case 1: unsafe data.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
  case 2: unsafe data.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
  default: unsafe data.storeBytes(of: value, as: UInt32.self)
  }
}

/// Stands at index 0, of which ``PortBus/serve(_:)`` asks nothing, so that the table needs no optional.
private final class UnclaimedPorts: PortIODevice {
  func read(port: UInt16, size: Int) -> UInt32 { .max }
  func write(port: UInt16, size: Int, value: UInt32) {}
}
