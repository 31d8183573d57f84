import Devices
import KVM
import Synchronization

/// The writes that KVM has collected in its ring, on their way to the device.
///
/// **Order.** A collected write is older than any exit of the vCPU that made it, and than anything
/// that another vCPU does because of it. So every exit loop calls ``drain()`` before it handles an
/// exit, whatever the exit is: then a device sees what it would have seen with one exit a write, and
/// what comes between two exits is nobody's to tell apart. A write leaves the ring only after the
/// device has taken it. So a ring that looks empty, without a lock, is one whose writes have all
/// arrived; if another thread is delivering, ``drain()`` waits for it.
///
/// **Backpressure.** A device that holds up its writer holds up whoever drains, and every vCPU at its
/// next exit: none may overtake the writes that wait.
final class CoalescedWrites: Sendable {
  /// A second mapping of the ring, for a look without the lock. It is never drained.
  private let view: CoalescedRing
  private let ring: Mutex<CoalescedRing>
  private let device: any PortIODevice
  private let tracer: Tracer?
  /// Changed under the lock only.
  private let delivered = Atomic<UInt64>(0)

  /// nil unless `isWanted` and the host's KVM has a ring.
  ///
  /// - Parameters:
  ///   - vcpu: Any vCPU of the machine: they share the ring.
  ///   - device: Takes the writes.
  init?(
    _ vcpu: borrowing VCPU, isWanted: Bool, device: any PortIODevice, tracer: Tracer?
  ) {
    guard isWanted, let view = try? vcpu.makeCoalescedRing(),
      let ring = try? vcpu.makeCoalescedRing()
    else { return nil }
    self.view = view
    self.ring = Mutex(ring)
    self.device = device
    self.tracer = tracer
  }

  /// How many writes the device has taken.
  var count: UInt64 { delivered.load(ordering: .relaxed) }

  /// Brings all writes that have been collected so far to their device.
  @inline(__always)
  func drain() {
    if !view.isEmpty { deliver() }
  }

  @inline(never)
  private func deliver() {
    ring.withLock { ring in
      let count = ring.drain { write in
        let port = UInt16(truncatingIfNeeded: write.address)
        let value = UInt32(truncatingIfNeeded: write.value)
        tracer?.recordCollectedWrite(port: port, size: write.length, value: value)
        device.write(port: port, size: write.length, value: value)
      }
      delivered.store(
        delivered.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: count),
        ordering: .relaxed)
    }
  }
}
