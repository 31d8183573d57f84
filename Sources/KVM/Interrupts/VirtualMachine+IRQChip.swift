public import CKVM

/// The state of one of the three in-kernel interrupt controllers.
public typealias IRQChipState = kvm_irqchip

/// The state of the in-kernel i8254.
public typealias PITState = kvm_pit_state2

/// One of the in-kernel interrupt controllers.
public enum IRQChip: UInt32, Sendable, CaseIterable {
  /// The first i8259. `KVM_IRQCHIP_PIC_MASTER`
  case picMaster = 0
  /// The second i8259. `KVM_IRQCHIP_PIC_SLAVE`
  case picSlave = 1
  /// The I/O APIC with 24 pins. `KVM_IRQCHIP_IOAPIC`
  case ioapic = 2
}

extension kvm_irqchip {
  /// The redirection entry of an I/O APIC pin, 0 to 23; other pins read as 0.
  ///
  /// Meaningful for the state of ``IRQChip/ioapic``.
  public func ioapicRedirection(pin: UInt32) -> UInt64 {
    var copy = self
    return unsafe ckvm_ioapic_redirection(&copy, pin)
  }

  /// Sets the redirection entry of an I/O APIC pin, 0 to 23; other pins are ignored.
  public mutating func setIOAPICRedirection(pin: UInt32, _ bits: UInt64) {
    unsafe ckvm_ioapic_set_redirection(&self, pin, bits)
  }
}

extension VirtualMachine {
  /// Makes the two PICs, the I/O APIC, and a local APIC for every vCPU. Before the first vCPU.
  ///
  /// The corresponding ioctl is `KVM_CREATE_IRQCHIP`. See KVM API section 4.24.
  public func makeIRQChip() throws(KVMError) {
    try Request.createIRQChip.call(descriptor)
  }

  /// The state of an interrupt controller.
  ///
  /// The corresponding ioctl is `KVM_GET_IRQCHIP`. See KVM API section 4.26.
  public func irqChip(_ chip: IRQChip) throws(KVMError) -> IRQChipState {
    var state = kvm_irqchip()
    state.chip_id = chip.rawValue
    return try Request.getIRQChip.get(descriptor, state)
  }

  /// Sets the state of the interrupt controller that `state.chip_id` names.
  ///
  /// The corresponding ioctl is `KVM_SET_IRQCHIP`. See KVM API section 4.27.
  public func setIRQChip(_ state: IRQChipState) throws(KVMError) {
    try Request.setIRQChip.call(descriptor, passing: state)
  }

  /// Makes the i8254 timer. After ``makeIRQChip()``.
  ///
  /// The corresponding ioctl is `KVM_CREATE_PIT2`. See KVM API section 4.71.
  ///
  /// - Parameter speakerDummy: Whether KVM also answers the speaker's port 0x61.
  public func makePIT2(speakerDummy: Bool = true) throws(KVMError) {
    var config = kvm_pit_config()
    config.flags = speakerDummy ? UInt32(KVM_PIT_SPEAKER_DUMMY) : 0
    try Request.createPIT2.call(descriptor, passing: config)
  }

  /// The state of the i8254.
  ///
  /// The corresponding ioctl is `KVM_GET_PIT2`. See KVM API section 4.72.
  public func pit2() throws(KVMError) -> PITState {
    try Request.getPIT2.get(descriptor, kvm_pit_state2())
  }

  /// Sets the state of the i8254.
  ///
  /// The corresponding ioctl is `KVM_SET_PIT2`. See KVM API section 4.73.
  public func setPIT2(_ state: PITState) throws(KVMError) {
    try Request.setPIT2.call(descriptor, passing: state)
  }

  /// Says whether timer interrupts that the guest missed are delivered later. They are by default.
  ///
  /// The corresponding ioctl is `KVM_REINJECT_CONTROL`; `KVM_CAP_REINJECT_CONTROL` tells of it.
  public func setPITReinjection(_ isOn: Bool) throws(KVMError) {
    var control = kvm_reinject_control()
    control.pit_reinject = isOn ? 1 : 0
    try Request.reinjectControl.call(descriptor, passing: control)
  }
}
