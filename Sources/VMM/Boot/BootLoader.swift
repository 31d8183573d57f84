import CKVM
import KVM

/// Brings an image into a machine by its boot protocol: what lies in RAM, and the state of vCPU 0.
protocol BootLoader: Sendable {
  /// Writes the image, and all that its protocol hands over, into RAM that is zero. A reset calls it
  /// again.
  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError)

  /// The entry state of vCPU 0.
  ///
  /// - Parameters:
  ///   - registers: All zero, with the reserved bit of RFLAGS.
  ///   - special: As after a reset.
  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters)
}

extension BootLoader {
  /// Puts a vCPU into the entry state.
  ///
  /// - Parameter hasLocalAPIC: Whether the machine has one. Otherwise IA32_APIC_BASE says so, from which
  ///   KVM takes the bit in CPUID.
  func enter(_ vcpu: borrowing VCPU, hasLocalAPIC: Bool = true) throws(KVMError) {
    var special = try vcpu.specialRegisters()
    if !hasLocalAPIC { special.apic_base &= ~(1 << 11) }  // Intel SDM volume 3, "Local APIC Status"
    var registers = Registers()
    registers.rflags = 2
    enter(&registers, &special)
    try vcpu.setSpecialRegisters(special)
    try vcpu.setRegisters(registers)
  }
}
