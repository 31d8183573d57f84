import CKVM
import KVM

/// The state of the in-kernel PICs, I/O APIC and PIT, which a reset puts back. The local APICs belong
/// to the vCPUs.
struct InterruptControllerState: Sendable {
  private let chips: [IRQChipState]
  private let pit: PITState

  /// Saves the state in `vm`, which has both.
  init(of vm: borrowing VirtualMachine) throws(KVMError) {
    var chips: [IRQChipState] = []
    for chip in IRQChip.allCases { chips.append(try vm.irqChip(chip)) }
    self.chips = chips
    pit = try vm.pit2()
  }

  /// Restores it. Before the local APICs, because it may send them what was pending.
  func restore(to vm: borrowing VirtualMachine) throws(KVMError) {
    for chip in chips { try vm.setIRQChip(chip) }
    try vm.setPIT2(pit)
  }
}
