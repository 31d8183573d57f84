import Devices
import KVM

/// How a device's request reaches a vCPU: through the kernel's interrupt controllers, through ours, or
/// through some of both.
struct InterruptSystem: Sendable {
  /// Who has which controller.
  enum Arrangement: Sendable {
    /// PIC, I/O APIC, local APICs and PIT in the kernel.
    case kernel
    /// Local APICs in the kernel; PIC, I/O APIC and PIT are ours. What runs in the kernel ends with the
    /// machine at once, where the whole set makes the kernel wait for its grace periods.
    case split
    /// PIC and PIT, ours; no APICs.
    case userSpace

    /// Whether vCPUs have local APICs, and with them sleep, start and interrupt each other in the
    /// kernel.
    var hasLocalAPICs: Bool { self != .userSpace }
  }

  let arrangement: Arrangement
  private let machine: SharedMachine
  /// Tells what the lines do; nil unless somebody wants to know.
  var tracer: Tracer?
  /// Ours; nil where the kernel has it.
  let pic: InterruptController8259?
  /// Ours; nil where the kernel has it, or nobody.
  let ioapic: IOAPIC?
  /// Carries INTR of our PIC to vCPU 0.
  let externalInterrupt = ExternalInterruptWire()

  /// Makes what is not in the kernel.
  init(_ arrangement: Arrangement, machine: SharedMachine) {
    self.arrangement = arrangement
    self.machine = machine
    let wire = externalInterrupt
    pic =
      arrangement == .kernel
      ? nil
      // As firmware leaves it: a guest that has not programmed the PIC is not interrupted by it.
      : InterruptController8259(initialMask: 0xFF, outputChanged: { if $0 { wire.raise() } })
    ioapic =
      arrangement != .split
      ? nil
      : IOAPIC(
        // Fails only without local APICs.
        send: { _ = try? machine.vm.signalMSI(address: $0.address, data: $0.data) },
        entriesChanged: { Self.reportEnds(of: $0, to: machine) })
  }

  /// Has the kernel make its part, after the memory slots and before the vCPUs.
  static func prepare(_ arrangement: Arrangement, _ machine: SharedMachine) throws(KVMError) {
    switch arrangement {
    case .kernel:
      try machine.vm.makeIRQChip()
      try machine.vm.setGSIRouting(InterruptWiring.kernelRoutes)
      try machine.vm.makePIT2()
    case .split:
      try machine.vm.enable(.splitIRQChip, arguments: UInt64(IOAPICRegisters.pinCount))
    case .userSpace:
      break
    }
  }

  /// The version of the I/O APIC, as its register tells it; nil if there is none.
  var ioAPICVersion: UInt8? {
    switch arrangement {
    case .kernel: FirmwareTables.kernelIOAPICVersion
    case .split: IOAPICRegisters.version
    case .userSpace: nil
    }
  }

  /// The wire to ISA interrupt `irq`.
  func line(_ irq: Int) -> any InterruptLine {
    let line = untracedLine(irq)
    return tracer?.tracing(line, gsi: UInt32(irq)) ?? line
  }

  private func untracedLine(_ irq: Int) -> any InterruptLine {
    if let pic, let ioapic {
      TwoLines(first: pic.line(irq), second: ioapic.line(InterruptWiring.ioAPICPin(of: irq)))
    } else if let pic {
      pic.line(irq)
    } else {
      KernelInterruptLine(machine: machine, gsi: UInt32(irq))
    }
  }

  /// The routing table is how the kernel learns which vectors' ends it must report: those of
  /// level-triggered entries (KVM API, KVM_CAP_SPLIT_IRQCHIP and KVM_EXIT_IOAPIC_EOI).
  private static func reportEnds(of entries: [IOAPICRegisters.Entry], to machine: SharedMachine) {
    let routes = entries.indices.map { pin in
      GSIRoute.msi(
        gsi: UInt32(pin), address: entries[pin].message.address, data: entries[pin].message.data)
    }
    // Fails only for a lack of memory; then a level-triggered interrupt comes once.
    try? machine.vm.setGSIRouting(routes)
  }
}

private struct KernelInterruptLine: InterruptLine {
  let machine: SharedMachine
  let gsi: UInt32

  func set(_ asserted: Bool) {
    // KVM_IRQ_LINE fails only without an interrupt controller, and this machine has one.
    try? machine.vm.setIRQLine(gsi: gsi, level: asserted)
  }
}

/// Each ISA interrupt goes to the PIC and to the I/O APIC; the guest masks it in one of them.
private struct TwoLines: InterruptLine {
  let first: any InterruptLine
  let second: any InterruptLine

  func set(_ asserted: Bool) {
    first.set(asserted)
    second.set(asserted)
  }
}

extension InterruptController8259 {
  /// Whether no input can raise INTR, whatever the devices do.
  var masksEverything: Bool {
    let (master, slave) = pics
    let cascade: UInt8 = 1 << 2
    return master.mask == 0xFF || master.mask | cascade == 0xFF && slave.mask == 0xFF
  }
}
