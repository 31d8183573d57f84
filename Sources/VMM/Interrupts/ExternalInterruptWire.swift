import Synchronization

/// The wire from INTR of our PIC to the vCPU that takes its interrupts.
///
/// An interrupt can be queued only while the vCPU is not in `KVM_RUN`: raising the wire kicks it out,
/// and its thread looks at the PIC before it enters again.
final class ExternalInterruptWire: Sendable {
  private struct Target {
    weak var vcpu: (any Kickable)?
  }

  private let target = Mutex(Target())

  func connect(_ vcpu: any Kickable) {
    target.withLock { $0.vcpu = vcpu }
  }

  func raise() {
    let vcpu = target.withLock { $0.vcpu }
    vcpu?.kick()
  }
}
