import Devices
import KVM
import Synchronization

/// What a vCPU's thread does for interrupts that the kernel does not deliver by itself.
extension VCPUThread {
  /// Offers the vCPU what our PIC requests, if anything. Before each entry that may follow a request.
  func deliverExternalInterrupt() throws(KVMError) {
    guard let pic = interrupts.pic, vcpu.id == 0 else { return }
    guard pic.hasInterrupt else {
      vcpu.requestInterruptWindow = false
      return
    }
    guard vcpu.isReadyForInterrupt else {
      // KVM exits as soon as the guest can take one.
      vcpu.requestInterruptWindow = true
      return
    }
    try vcpu.interrupt(vector: pic.acknowledge())
    vcpu.requestInterruptWindow = pic.hasInterrupt
  }

  /// Between an exit and the next entry: lets an interrupt in that waits, or may wait in the kernel, where
  /// it is not seen.
  ///
  /// Code that enables interrupts for a few instructions only depends on the host to notice, and hosts that
  /// emulate the guest's code look at intervals. An interrupt that is queued here is taken for sure.
  ///
  /// - Returns: Whether the guest should first enable interrupts and come back.
  func letInterruptIn() throws(KVMError) -> Bool {
    guard vcpu.id == 0, let pic = interrupts.pic else { return !vcpu.interruptFlag }
    guard pic.hasInterrupt else { return false }
    try deliverExternalInterrupt()
    return true
  }

  /// The guest has executed `hlt` on a machine whose kernel has no local APIC to wait for.
  ///
  /// - Returns: Whether to go on: an interrupt has come.
  func waitForExternalInterrupt() throws(KVMError) -> Bool {
    guard vcpu.interruptFlag, let pic = interrupts.pic, !pic.masksEverything else {
      control.stop(.halted(interruptsEnabled: vcpu.interruptFlag))
      return false
    }
    let count = resetCount
    while !pic.hasInterrupt {
      alarm.wait(until: nil)
      guard try obeyRequests() else { return false }
      // After a reset it does not wait any more: it begins again.
      guard resetCount == count else { return true }
    }
    try deliverExternalInterrupt()
    return true
  }
}
