/// Something that shows, stores or sends frames.
///
/// A sink sees the shadow and never video memory, so it cannot race with the guest. It is called by
/// whoever updates the ``FrameTracker``, between two updates, and the frame is lent to it for the
/// call: what it wants to keep, it copies.
public protocol FrameSink: ~Copyable {
  /// Takes over what changed.
  ///
  /// - Parameters:
  ///   - frame: The picture. If ``Frame/isEmpty`` the display has been switched off. A geometry
  ///     other than that of the call before comes with full damage.
  ///   - damage: What differs from the frame of the call before.
  /// - Throws: Whatever kept the sink from doing its work; the caller decides whether it is asked
  ///   again.
  mutating func present(_ frame: borrowing Frame, damage: Damage) throws
}
