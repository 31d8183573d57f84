import CKVM
import KVM

/// Brings what a BIOS hands over into RAM: interrupt vectors, the BIOS data area, ``BIOSROM``, fonts,
/// and the boot sector or program. vCPU 0 begins in the ROM, which ends its few instructions by an
/// `iret` into the image.
struct BIOSLoader: BootLoader {
  let image: BIOSImage

  private static let programStack: UInt16 = 0xFFFE

  /// How the image is entered.
  private struct Entry {
    let segment: UInt16
    let offset: UInt16
    let stackSegment: UInt16
    let stack: UInt16
    let dataSegment: UInt16
    var flags = Flag.interrupt | 2
  }

  private var entry: Entry {
    guard image.kernel == nil else {
      // With interrupts off, and all segments but CS at the code's start.
      return Entry(
        segment: RealModeKernel.entrySegment, offset: 0, stackSegment: RealModeKernel.segment,
        stack: RealModeKernel.stack, dataSegment: RealModeKernel.segment, flags: 2)
    }
    let bootSector = UInt16(truncatingIfNeeded: MemoryMap.bootSector.rawValue)
    return image.isProgram
      ? Entry(
        segment: BIOSImage.programSegment, offset: BIOSImage.programOffset,
        stackSegment: BIOSImage.programSegment, stack: Self.programStack,
        dataSegment: BIOSImage.programSegment)
      : Entry(
        segment: 0, offset: bootSector, stackSegment: 0, stack: bootSector, dataSegment: 0)
  }

  private var drive: UInt8 { image.disk?.drive ?? 0x80 }

  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    let real = RealModeMemory(ram: memory)
    BIOSROM.write(to: real)
    _ = real.write(
      BIOSDataArea.contents(drive: drive, hasDisk: image.disk != nil, ticks: Self.ticksToday),
      at: BIOSDataArea.serialPorts)
    // The size of the extended area in KiB.
    real.store(UInt8(1), at: RealModeMemory.linear(BIOSDataArea.extendedSegment, 0))
    if let kernel = image.kernel {
      try kernel.load(into: memory, of: platform)
    } else if let disk = image.disk {
      guard let sector = try? disk.read(0..<1) else {
        throw VMMError(.image, "image \(image.file.name): cannot be read; is it still changing?")
      }
      _ = real.write(sector, at: RealModeMemory.linear(entry.segment, entry.offset))
    } else {
      try image.file.load(
        into: memory,
        at: GuestAddress(UInt64(RealModeMemory.linear(entry.segment, entry.offset))))
      writeProgramPrefix(real, arguments: platform.commandLine)
    }
    // What the ROM's iret takes.
    let frame = RealModeMemory.linear(entry.stackSegment, entry.stack &- 6)
    real.store(entry.offset, at: frame)
    real.store(entry.segment, at: frame + 2)
    real.store(UInt16(entry.flags), at: frame + 4)
  }

  /// The program segment prefix, and on the stack the 0 with which `ret` comes to its INT 20h.
  private func writeProgramPrefix(_ memory: RealModeMemory, arguments: String) {
    let tail = Array((arguments.isEmpty ? "" : " " + arguments).utf8.prefix(126))
    let prefix = RealModeMemory.linear(BIOSImage.programSegment, 0)
    _ = memory.write([0xCD, 0x20], at: prefix)
    memory.store(BIOSDataArea.extendedSegment, at: prefix + 2)
    // int $0x21; retf: the call gate of CP/M's heirs.
    _ = memory.write([0xCD, 0x21, 0xCB], at: prefix + 0x50)
    _ = memory.write([UInt8(tail.count)] + tail + [0x0D], at: prefix + 0x80)
    memory.store(UInt16(0), at: RealModeMemory.linear(BIOSImage.programSegment, Self.programStack))
  }

  /// What the clock of the host, which the machine's shows, makes of the tick counter.
  private static var ticksToday: UInt32 {
    let secondsToday = UInt64(max(0, wallClockNanoseconds())) / 1_000_000_000 % 86_400
    return UInt32(truncatingIfNeeded: secondsToday * 1_193_182 / 65_536)
  }

  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters) {
    func segment(_ selector: UInt16) -> Segment {
      var segment = special.ds
      segment.selector = selector
      segment.base = UInt64(selector) << 4
      segment.limit = 0xFFFF
      return segment
    }
    special.loadDataSegments(segment(entry.dataSegment))
    special.ss = segment(entry.stackSegment)
    special.cs.selector = BIOSROM.segment
    special.cs.base = UInt64(BIOSROM.segment) << 4
    special.idt.base = 0
    special.idt.limit = 0x3FF
    registers.rip = UInt64(BIOSROM.start)
    registers.rsp = UInt64(entry.stack &- 6)
    registers.rdx = UInt64(drive)
  }
}

extension BIOSROM {
  /// Writes the interrupt vectors, and the ROM itself.
  static func write(to memory: RealModeMemory) {
    _ = memory.write(vectors, at: 0)
    _ = memory.write(bytes, at: RealModeMemory.linear(segment, slots))
    _ = memory.write(fonts, at: RealModeMemory.linear(fontSegment, font8x16))
  }
}
