/// A device whose registers lie in guest physical memory.
///
/// As with ``PortIODevice`` any vCPU's thread may call, several at once, and every offset, size and
/// value has a defined and harmless result.
public protocol MMIODevice: Resettable {
  /// Executes a load.
  ///
  /// - Parameters:
  ///   - offset: From the device's first byte.
  ///   - size: 1 to 8 bytes; the guest's own accesses have 1, 2, 4 or 8, unless they cross a page.
  /// - Returns: The value in the low `size` bytes; the bus ignores the others.
  func read(offset: UInt64, size: Int) -> UInt64

  /// Executes a store.
  ///
  /// - Parameters:
  ///   - offset: From the device's first byte.
  ///   - size: 1 to 8 bytes; the guest's own accesses have 1, 2, 4 or 8, unless they cross a page.
  ///   - value: The value in the low `size` bytes; a device ignores the others.
  func write(offset: UInt64, size: Int, value: UInt64)
}
