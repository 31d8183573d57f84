// Tests the devices of --test-devices from inside: pc-testdev's latches and interrupts, and fw_cfg.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  var checks = Checks()
  checkPortLatch(&checks)
  checkMemoryLatch(&checks)
  checkFlush(&checks)
  checkInterrupt(&checks)
  checkFirmwareConfiguration(&checks, machine)
  checks.finish()
}

private func checkPortLatch(_ checks: inout Checks) {
  portWrite32(0xE0, 0x4433_2211)
  checks.check("port latch: 32 bits", portRead32(0xE0), is: 0x4433_2211)
  portWrite16(0xE2, 0xBEEF)
  portWrite8(0xE1, 0x5A)
  checks.check("port latch: 8 and 16 bits in place", portRead32(0xE0), is: 0xBEEF_5A11)
  checks.check("port latch: a byte", portRead8(0xE3), is: 0xBE)
  checks.check("port latch: a word", portRead16(0xE2), is: 0xBEEF)
  portWrite8(0xE8, 0x77)
  checks.check("byte latch", portRead8(0xE8), is: 0x77)
}

private func checkMemoryLatch(_ checks: inout Checks) {
  let address: UInt64 = 0xFF00_0000
  memoryWrite64(address + 8, 0x8877_6655_4433_2211)
  checks.check("memory latch: 64 bits", memoryRead64(address + 8), is: 0x8877_6655_4433_2211)
  memoryWrite16(address + 10, 0xBEEF)
  memoryWrite8(address + 15, 0x5A)
  checks.check("memory latch: 8 and 16 bits", memoryRead64(address + 8), is: 0x5A77_6655_BEEF_2211)
  checks.check("memory latch: 32 bits", memoryRead32(address + 12), is: 0x5A77_6655)
}

private func checkFlush(_ checks: inout Checks) {
  let page: UInt64 = 0x20_0000
  memoryWrite64(page + 0x10, 0x1234_5678_9ABC_DEF0)
  portWrite32(0xE4, UInt32(page) + 0x10)
  checks.check(
    "a flushed page keeps its data", memoryRead64(page + 0x10), is: 0x1234_5678_9ABC_DEF0)
  memoryWrite64(page + 0x10, 1)
  checks.check("a flushed page can be written", memoryRead64(page + 0x10), is: 1)
  portWrite32(0xE4, 0xFFFF_F000)
  checks.pass("a flush outside of RAM does no harm")
}

private func checkInterrupt(_ checks: inout Checks) {
  PIC.initialize()
  PIC.unmask(5)
  portWrite8(0x2005, 1)
  Interrupts.wait(for: PIC.vector(5), count: 1)
  portWrite8(0x2005, 0)
  portWrite8(0x2005, 1)
  Interrupts.wait(for: PIC.vector(5), count: 2)
  portWrite8(0x2005, 0)
  checks.check("an interrupt for each edge", Interrupts.count(PIC.vector(5)), is: 2)
}

private func checkFirmwareConfiguration(_ checks: inout Checks, _ machine: Machine) {
  checks.check("fw_cfg: QEMU", item(0, bytes: 4), is: 0x554D_4551)
  checks.check("fw_cfg: without DMA", item(1, bytes: 4), is: 1)
  checks.check("fw_cfg: memory", item(3, bytes: 8), is: machine.bootInfo.memorySize)
  checks.check("fw_cfg: CPUs", item(5, bytes: 2), is: UInt64(machine.bootInfo.cpuCount))
  checks.check("fw_cfg: CPUs at most", item(0xF, bytes: 2), is: UInt64(machine.bootInfo.cpuCount))
  checks.check("fw_cfg: the command line's size", item(0x14, bytes: 4), is: 9)
  checks.check("fw_cfg: the command line", item(0x15, bytes: 8), is: 0x656E_696C_6E61_6373)
  checks.check("fw_cfg: no files", item(0x19, bytes: 4), is: 0)
  checks.check("fw_cfg: what is absent is 0", item(0x1234, bytes: 4), is: 0)
}

/// The first bytes of an item.
private func item(_ key: UInt16, bytes: Int) -> UInt64 {
  portWrite16(0x510, key)
  var value: UInt64 = 0
  for index in 0..<bytes { value |= UInt64(portRead8(0x511)) << UInt64(8 * index) }
  return value
}
