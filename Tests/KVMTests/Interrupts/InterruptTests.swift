import CKVM
import SystemPackage
import Testing

@testable import KVM

@Suite("Interrupts into a sleeping guest", .needs(.irqchip), .timeLimit(.minutes(5)))
struct InterruptTests {
  @Test func `an edge on line 4 wakes the guest`() throws {
    let guest = try Guest.waitingForIRQ4()
    for _ in 1...3 {
      try guest.machine.setIRQLine(gsi: 4, level: true)
      try guest.machine.setIRQLine(gsi: 4, level: false)
      try guest.runUntilInterrupt()
    }
  }

  @Test(.needs(.irqInjectStatus))
  func `the status tells masked from delivered`() throws {
    let guest = try Guest.waitingForIRQ4()
    let delivered = try guest.machine.setIRQLineStatus(gsi: 4, level: true)
    guard case .delivered = delivered else {
      Issue.record("IRQ 4: \(delivered)")
      return
    }
    #expect(InterruptDelivery(status: -1) == .masked)
    #expect(InterruptDelivery(status: 0) == .coalesced)
    #expect(InterruptDelivery(status: 2) == .delivered(vcpuCount: 2))
  }

  @Test(.needs(.irqFD))
  func `a signal of an irqfd wakes the guest, until it is unregistered`() throws {
    let guest = try Guest.waitingForIRQ4()
    let event = try EventFD()
    try guest.machine.registerIRQFD(event.fileDescriptor, gsi: 4)
    for _ in 1...3 {
      try event.signal()
      try guest.runUntilInterrupt()
    }
    try guest.machine.unregisterIRQFD(event.fileDescriptor, gsi: 4)
    try event.signal()
    #expect(try event.take() == 1)  // nobody else has taken it
  }

  @Test(.needs(.irqFDResample))
  func `a level-triggered irqfd signals its acknowledgement`() throws {
    let guest = try Guest.waitingForIRQ4()
    let event = try EventFD()
    let resample = try EventFD()
    // IRQ 4 level-triggered in the edge/level control register.
    var pic = try guest.machine.irqChip(.picMaster)
    unsafe pic.chip.pic.elcr = 1 << 4
    try guest.machine.setIRQChip(pic)
    try guest.machine.registerIRQFD(
      event.fileDescriptor, gsi: 4, resample: resample.fileDescriptor)
    for _ in 1...3 {
      try event.signal()
      try guest.runUntilInterrupt()
      // The end of interrupt, before the handler's exit, lowers the line and signals.
      #expect(try resample.take() == 1)
    }
  }

  @Test(.needs(.irqRouting))
  func `a route leads another line to the same pin`() throws {
    let guest = try Guest.waitingForIRQ4()
    try guest.machine.setGSIRouting([.irqChip(gsi: 30, .picMaster, pin: 4)])
    try guest.machine.setIRQLine(gsi: 30, level: true)
    try guest.runUntilInterrupt()
  }

  @Test(.needs(.irqRouting))
  func `a route to a pin that does not exist is refused`() throws {
    let guest = try Guest.waitingForIRQ4()
    let error = #expect(throws: KVMError.self) {
      try guest.machine.setGSIRouting([.irqChip(gsi: 0, .ioapic, pin: 24)])
    }
    #expect(error?.operation == "KVM_SET_GSI_ROUTING" && error?.errno == .invalidArgument)
  }

  @Test func `interrupt controllers keep the state they are given`() throws {
    let guest = try Guest(.real, code: [0xF4]) { try $0.makeIRQChip() }
    var pic = try guest.machine.irqChip(.picSlave)
    unsafe pic.chip.pic.imr = 0x5A
    try guest.machine.setIRQChip(pic)
    let slave = try guest.machine.irqChip(.picSlave)
    #expect(unsafe slave.chip.pic.imr == 0x5A)

    var ioapic = try guest.machine.irqChip(.ioapic)
    #expect(ioapic.ioapicRedirection(pin: 23) == 1 << 16)  // masked after reset
    ioapic.setIOAPICRedirection(pin: 23, 0x1_0031)
    ioapic.setIOAPICRedirection(pin: 24, .max)
    try guest.machine.setIRQChip(ioapic)
    let read = try guest.machine.irqChip(.ioapic)
    #expect(read.ioapicRedirection(pin: 23) == 0x1_0031)
    #expect(read.ioapicRedirection(pin: 24) == 0)
  }

  @Test(.needs(.pitState2))
  func `the PIT keeps the state it is given`() throws {
    let guest = try Guest(.real, code: [0xF4]) { machine in
      try machine.makeIRQChip()
      try machine.makePIT2()
    }
    var pit = try guest.machine.pit2()
    pit.channels.2.count = 1193
    pit.channels.2.mode = 3
    try guest.machine.setPIT2(pit)
    let read = try guest.machine.pit2()
    #expect(read.channels.2.count == 1193 && read.channels.2.mode == 3)
    try guest.machine.setPITReinjection(false)
  }

  @Test func `devices without their controllers are refused with a remedy`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let pit = #expect(throws: KVMError.self) { try machine.makePIT2() }
    #expect(
      pit?.operation == "KVM_CREATE_PIT2" && pit?.remedy == "make the interrupt controllers first")
    let line = #expect(throws: KVMError.self) { try machine.setIRQLine(gsi: 4, level: true) }
    #expect(
      line?.operation == "KVM_IRQ_LINE" && line?.remedy == "make the interrupt controllers first")
    try machine.makeIRQChip()
    let twice = #expect(throws: KVMError.self) { try machine.makeIRQChip() }
    #expect(twice?.errno == .fileExists)
  }
}
