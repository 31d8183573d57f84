import KVM

/// The virtual machine in a place that several owners share: the board, the interrupt lines, the
/// dirty log.
final class SharedMachine: Sendable {
  let vm: VirtualMachine

  init(_ vm: consuming VirtualMachine) {
    self.vm = vm
  }
}
