/// A device behind x86 I/O ports.
///
/// The bus calls ``read(port:size:)`` for `in` and ``write(port:size:value:)`` for `out`, from the
/// thread of whichever virtual CPU executed the instruction: several may call at once, and a guest
/// is hostile, so every port, size and value has a defined and harmless result.
///
/// A class, so that the bus holds one reference a device and an exit costs one witness call and no
/// box.
public protocol PortIODevice: Resettable {
  /// Executes `in` at `port`.
  ///
  /// - Parameters:
  ///   - port: The absolute I/O port.
  ///   - size: The width of the access in bytes: 1, 2 or 4.
  /// - Returns: The value in the low `size` bytes; the bus ignores the others.
  func read(port: UInt16, size: Int) -> UInt32

  /// Executes `out` at `port`.
  ///
  /// - Parameters:
  ///   - port: The absolute I/O port.
  ///   - size: The width of the access in bytes: 1, 2 or 4.
  ///   - value: The value in the low `size` bytes; a device ignores the others.
  func write(port: UInt16, size: Int, value: UInt32)
}
