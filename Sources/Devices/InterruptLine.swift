/// A level-triggered wire from a device to an interrupt controller.
///
/// A device calls ``set(_:)`` only when the level changes, and in the order of the changes: it does
/// so under its own lock, so an implementation must be quick and must not call the device back.
/// The level starts low. Whether the controller reacts to the level or to the edge is the
/// controller's business; a device whose condition goes away and returns within one access sets the
/// line low and high again, so that an edge-triggered controller (every ISA interrupt on a PC) sees
/// it.
public protocol InterruptLine: Sendable {
  /// Drives the line.
  ///
  /// - Parameter asserted: Whether the device requests an interrupt.
  func set(_ asserted: Bool)
}
