// Does to every device what no driver would: random reads and writes of every width, at every port and
// at addresses without memory. Nothing that the guest does here may end or hurt the VMM.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let seed = machine.commandLine.number("seed") ?? 1
  let rounds = machine.commandLine.number("rounds") ?? 1
  var random = SplitMix64(state: seed)
  for _ in 0..<rounds {
    for port in UInt32(0)...0xFFFF { accessPort(UInt16(port), &random) }
    for _ in 0..<4096 { accessMemory(&random) }
  }
  restoreSerialPort()
  Serial.print("\nok seed ")
  Serial.print(seed)
  Serial.print(", rounds ")
  Serial.print(rounds)
  Serial.print("\n")
  exit(code: 0)
}

// MARK: Ports

/// One access to `port`, of random width and direction.
private func accessPort(_ port: UInt16, _ random: inout SplitMix64) {
  let value = random.next()
  let width = UInt16(1) << (UInt16(value >> 48) % 3)
  guard !Spared.contains(port, width: width) else { return }
  switch (value >> 34 & 7, width) {
  case (0, 1): readBytes(port, count: Int(value >> 40 & 15))
  case (1, 1): writeBytes(port, count: Int(value >> 40 & 15))
  case (2...4, 1): _ = portRead8(port)
  case (2...4, 2): _ = portRead16(port)
  case (2...4, _): _ = portRead32(port)
  case (_, 1): portWrite8(port, UInt8(truncatingIfNeeded: value))
  case (_, 2): portWrite16(port, UInt16(truncatingIfNeeded: value))
  case (_, _): portWrite32(port, UInt32(truncatingIfNeeded: value))
  }
}

/// `rep insb` and `rep outsb`, which come to the VMM in batches, through RAM that nothing else uses.
private let buffer: UInt64 = 0x7000

private func readBytes(_ port: UInt16, count: Int) {
  unsafe portReadBytes(port, UnsafeMutablePointer(bitPattern: UInt(buffer))!, count)
}

private func writeBytes(_ port: UInt16, count: Int) {
  unsafe portWriteBytes(port, UnsafePointer(bitPattern: UInt(buffer))!, count)
}

/// The ports that end or reset the machine, which is no misbehaviour of the VMM.
private enum Spared {
  private static let ports: InlineArray<9, ClosedRange<UInt16>> = [
    0x64...0x64,  // keyboard controller: its commands pulse the reset line
    0x92...0x92,  // system control port A: fast reset
    0xF4...0xF7,  // debug exit
    0x505...0x505,  // pvpanic
    0x600...0x605,  // ACPI power management
    0xCF9...0xCF9,  // reset control
    0x4004...0x4005,  // power-off of VirtualBox
    0x8900...0x8900,  // power-off of Bochs
    0xB004...0xB005,  // power-off of old QEMU
  ]

  /// Whether an access of `width` bytes at `port` reaches one of them, or goes beyond the last port,
  /// which is a #GP.
  static func contains(_ port: UInt16, width: UInt16) -> Bool {
    let (last, isBeyond) = port.addingReportingOverflow(width - 1)
    if isBeyond { return true }
    for index in ports.indices where ports[index].overlaps(port...last) { return true }
    return false
  }
}

/// Makes COM1 a console again.
private func restoreSerialPort() {
  portWrite8(0x3FB, 0x03)  // 8 bits, no divisor latch, no break
  portWrite8(0x3F9, 0)
  portWrite8(0x3FC, 0x03)  // no loopback
  portWrite8(0x3FA, 0x07)
}

// MARK: Memory

/// One access to device memory, of random width and direction.
private func accessMemory(_ random: inout SplitMix64) {
  let value = random.next()
  let region = Region.all[Int(value & 7)]
  let address = region.start + (random.next() % region.size)
  if !region.isWritten || value >> 3 & 1 == 0 {
    switch value >> 4 & 3 {
    case 0: _ = memoryRead8(address)
    case 1: _ = memoryRead16(address)
    case 2: _ = memoryRead32(address)
    default: _ = memoryRead64(address)
    }
  } else {
    let data = random.next()
    switch value >> 4 & 3 {
    case 0: memoryWrite8(address, UInt8(truncatingIfNeeded: data))
    case 1: memoryWrite16(address, UInt16(truncatingIfNeeded: data))
    case 2: memoryWrite32(address, UInt32(truncatingIfNeeded: data))
    default: memoryWrite64(address, data)
    }
  }
}

/// Where devices lie, or nothing.
private struct Region {
  let start: UInt64
  let size: UInt64
  let isWritten: Bool

  static let all: InlineArray<8, Region> = [
    Region(start: 0xC000_0000, size: 0x1000_0000, isWritten: true),
    Region(start: 0xD000_0000, size: 0x1000_0000, isWritten: true),
    Region(start: 0xE000_0000, size: 0x0100_0000, isWritten: true),  // the framebuffer
    Region(start: 0xE0FF_F000, size: 0x0000_2000, isWritten: true),  // its end
    Region(start: 0xF000_0000, size: 0x0E00_0000, isWritten: true),
    Region(start: 0xFED0_0000, size: 0x0000_1000, isWritten: true),  // where others have an HPET
    // The interrupt controllers obey: a random interrupt command would reset this CPU.
    Region(start: 0xFEC0_0000, size: 0x0000_1000, isWritten: false),
    Region(start: 0xFEE0_0000, size: 0x0000_1000, isWritten: false),
  ]
}
