public import CKVM

/// Exceptions, interrupts and NMIs that are pending or being injected.
public typealias VCPUEvents = kvm_vcpu_events

/// What a vCPU is doing: the states of the multiprocessor start-up protocol.
public struct MPState: RawRepresentable, Hashable, Sendable {
  /// The kernel's `KVM_MP_STATE_` value.
  public var rawValue: UInt32

  /// A state from its value.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Executes instructions. `KVM_MP_STATE_RUNNABLE`.
  public static let runnable = MPState(rawValue: UInt32(KVM_MP_STATE_RUNNABLE))

  /// An application processor that has not received INIT. `KVM_MP_STATE_UNINITIALIZED`.
  public static let uninitialized = MPState(rawValue: UInt32(KVM_MP_STATE_UNINITIALIZED))

  /// Has received INIT and waits for SIPI. `KVM_MP_STATE_INIT_RECEIVED`.
  public static let initReceived = MPState(rawValue: UInt32(KVM_MP_STATE_INIT_RECEIVED))

  /// Has executed HLT and waits for an interrupt. `KVM_MP_STATE_HALTED`.
  public static let halted = MPState(rawValue: UInt32(KVM_MP_STATE_HALTED))

  /// Has just received SIPI. `KVM_MP_STATE_SIPI_RECEIVED`.
  public static let sipiReceived = MPState(rawValue: UInt32(KVM_MP_STATE_SIPI_RECEIVED))
}

extension VCPU {
  /// Pending and injected exceptions, interrupts and NMIs.
  ///
  /// The corresponding ioctl is `KVM_GET_VCPU_EVENTS`. See KVM API section 4.31.
  public func events() throws(KVMError) -> VCPUEvents {
    try Request.getVCPUEvents.get(descriptor, kvm_vcpu_events())
  }

  /// Sets pending and injected events; `flags` says which optional parts are valid.
  ///
  /// The corresponding ioctl is `KVM_SET_VCPU_EVENTS`. See KVM API section 4.32.
  public func setEvents(_ events: VCPUEvents) throws(KVMError) {
    try Request.setVCPUEvents.call(descriptor, passing: events)
  }

  /// The multiprocessing state. Needs in-kernel local APICs to be more than runnable or halted.
  ///
  /// The corresponding ioctl is `KVM_GET_MP_STATE`. See KVM API section 4.38.
  public func mpState() throws(KVMError) -> MPState {
    MPState(rawValue: try Request.getMPState.get(descriptor, kvm_mp_state()).mp_state)
  }

  /// Sets the multiprocessing state: starts an application processor without INIT and SIPI.
  ///
  /// The corresponding ioctl is `KVM_SET_MP_STATE`. See KVM API section 4.39.
  public func setMPState(_ state: MPState) throws(KVMError) {
    try Request.setMPState.call(descriptor, passing: kvm_mp_state(mp_state: state.rawValue))
  }
}
