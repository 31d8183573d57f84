import CKVM

/// Where an interrupt line leads.
public enum GSIRoute: Sendable, Hashable {
  /// To a pin of an in-kernel controller.
  case irqChip(gsi: UInt32, IRQChip, pin: UInt32)

  /// To local APICs, as the message that ``VirtualMachine/signalMSI(address:data:)`` would send.
  case msi(gsi: UInt32, address: UInt64, data: UInt32)

  fileprivate var entry: kvm_irq_routing_entry {
    var entry = kvm_irq_routing_entry()
    switch self {
    case .irqChip(let gsi, let chip, let pin):
      entry.gsi = gsi
      entry.type = UInt32(KVM_IRQ_ROUTING_IRQCHIP)
      unsafe entry.u.irqchip = kvm_irq_routing_irqchip(irqchip: chip.rawValue, pin: pin)
    case .msi(let gsi, let address, let data):
      entry.gsi = gsi
      entry.type = UInt32(KVM_IRQ_ROUTING_MSI)
      unsafe entry.u.msi.address_lo = UInt32(truncatingIfNeeded: address)
      unsafe entry.u.msi.address_hi = UInt32(truncatingIfNeeded: address >> 32)
      unsafe entry.u.msi.data = data
    }
    return entry
  }
}

extension VirtualMachine {
  /// Replaces all routes, the default ones of ``makeIRQChip()`` too.
  ///
  /// The corresponding ioctl is `KVM_SET_GSI_ROUTING`. See KVM API section 4.52.
  public func setGSIRouting(_ routes: [GSIRoute]) throws(KVMError) {
    var header = kvm_irq_routing()
    header.nr = UInt32(clamping: routes.count)
    let array = unsafe FlexibleArray(header, capacity: routes.count) {
      unsafe ckvm_routing_entries($0)
    }
    array.fill(routes.map(\.entry))
    try array.call(.setGSIRouting, descriptor)
  }
}
