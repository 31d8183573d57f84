/// A device that can be put back to the state in which it was made.
///
/// ``reset()`` is the hardware's reset: registers return to their first values and interrupt lines go
/// low, while what belongs to the host, such as input that the guest has not read yet, stays. The
/// machine calls it while no vCPU runs; other threads of the host may be using the device.
public protocol Resettable: AnyObject, Sendable {
  /// Back to the initial state. A device without state need not have it.
  func reset()
}

extension Resettable {
  public func reset() {}
}
