import CKVM

/// What became of an interrupt. See KVM API section 4.70.
public enum InterruptDelivery: Sendable, Hashable {
  /// The guest masks it: dropped.
  case masked
  /// One is pending already: merged with it.
  case coalesced
  /// Delivered to so many vCPUs.
  case delivered(vcpuCount: Int)

  init(status: Int32) {
    switch status {
    case ..<0: self = .masked
    case 0: self = .coalesced
    default: self = .delivered(vcpuCount: Int(status))
    }
  }
}

extension VirtualMachine {
  /// Sets the level of an interrupt line of the in-kernel controllers.
  ///
  /// An edge is a call with true and one with false.
  /// The corresponding ioctl is `KVM_IRQ_LINE`. See KVM API section 4.25.
  ///
  /// - Parameters:
  ///   - gsi: The line: 0 to 15 for the PICs, 0 to 23 for the I/O APIC, or as routed.
  ///   - level: Whether the line is asserted.
  public func setIRQLine(gsi: UInt32, level: Bool) throws(KVMError) {
    try Request.irqLine.call(descriptor, passing: Self.irqLevel(gsi, level))
  }

  /// Sets the level of an interrupt line and tells what became of the interrupt.
  ///
  /// The corresponding ioctl is `KVM_IRQ_LINE_STATUS`; `KVM_CAP_IRQ_INJECT_STATUS` tells of it.
  public func setIRQLineStatus(gsi: UInt32, level: Bool) throws(KVMError) -> InterruptDelivery {
    let result = try Request.irqLineStatus.get(descriptor, Self.irqLevel(gsi, level))
    return InterruptDelivery(status: result.status)
  }

  /// Sends a message-signalled interrupt to the in-kernel local APICs.
  ///
  /// The corresponding ioctl is `KVM_SIGNAL_MSI`. See KVM API section 4.70.
  ///
  /// - Parameters:
  ///   - address: 0xFEE0_0000 with the destination in bits 12 to 19.
  ///   - data: The vector in bits 0 to 7, the delivery mode in bits 8 to 10.
  @discardableResult
  public func signalMSI(address: UInt64, data: UInt32) throws(KVMError) -> InterruptDelivery {
    var message = kvm_msi()
    message.address_lo = UInt32(truncatingIfNeeded: address)
    message.address_hi = UInt32(truncatingIfNeeded: address >> 32)
    message.data = data
    return InterruptDelivery(status: try Request.signalMSI.call(descriptor, updating: &message))
  }

  private static func irqLevel(_ gsi: UInt32, _ level: Bool) -> kvm_irq_level {
    var argument = kvm_irq_level()
    argument.irq = gsi
    argument.level = level ? 1 : 0
    return argument
  }
}
