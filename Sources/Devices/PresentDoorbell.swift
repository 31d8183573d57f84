/// A port whose writes say that a frame is complete.
///
/// A guest that draws a frame in several steps rings it after the last one, so that nobody sees half
/// a frame. The value does not matter. Reads give all ones.
public final class PresentDoorbell: PortIODevice {
  /// Beside the ports of the Bochs display, where nothing else lies.
  public static let port: ClosedRange<UInt16> = 0x1D0...0x1D0

  private let onPresent: @Sendable () -> Void

  /// - Parameter onPresent: Called for each write, in the thread of the vCPU, which draws no further
  ///   before it returns.
  public init(onPresent: @escaping @Sendable () -> Void) {
    self.onPresent = onPresent
  }

  public func read(port: UInt16, size: Int) -> UInt32 { .max }

  public func write(port: UInt16, size: Int, value: UInt32) { onPresent() }
}
