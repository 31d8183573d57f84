import Devices

/// The code that a guest of the BIOS finds at F000:E000 and up: a slot for each interrupt, whose one
/// `out` is the call of ``BIOS``, and the few handlers that run in the guest.
///
/// | F000: | content |
/// |---|---|
/// | E000 | 256 slots of 16 bytes, one for each vector |
/// | F000 | what runs before the image, and the interrupt handlers |
/// | F100 | tables: diskette parameters, system configuration, the VBE's name |
/// | F200 | the 8x8 font |
/// | FA6E | its characters 00h to 7Fh once more, where programs look for them |
/// | FFF0 | the reset vector; date and model of the machine |
///
/// The other fonts are where a PC has the ROM of its VGA, in the segment ``fontSegment``.
enum BIOSROM {
  /// The segment from which all of it is addressed.
  static let segment: UInt16 = 0xF000
  /// The slot of interrupt 0, as an offset in ``segment``.
  static let slots: UInt16 = 0xE000
  static let slotSize: UInt16 = 16
  /// The port of the call. Nothing on a PC has it, and it is claimed for guests of the BIOS only.
  static let port: UInt16 = 0xBC

  /// Where the image's start begins: the interrupt controllers and the timer are programmed as a
  /// PC's firmware leaves them, text mode is set, and `iret` enters the image.
  static let start: UInt16 = 0xF000
  private static let timer: UInt16 = 0xF060
  private static let keyboard: UInt16 = 0xF0A0
  private static let masterInterrupt: UInt16 = 0xF0C0
  private static let noHandler: UInt16 = 0xF0C6
  private static let slaveInterrupt: UInt16 = 0xF0D0
  private static let clock: UInt16 = 0xF0E0
  static let disketteParameters: UInt16 = 0xF100
  static let configuration: UInt16 = 0xF110
  static let vendorName: UInt16 = 0xF120
  static let font8x8: UInt16 = 0xF200
  static let upperFont8x8: UInt16 = 0xF600
  private static let fixedFont8x8: UInt16 = 0xFA6E
  /// The segment of the larger fonts, and their offsets in it.
  static let fontSegment: UInt16 = 0xC000
  static let font8x16: UInt16 = 0x1000
  static let font8x14: UInt16 = 0x2000
  private static let resetVector: UInt16 = 0xFFF0

  /// The vector in whose slot the instruction at `address` lies, or ends; nil if it is no slot.
  ///
  /// Hosts differ in whether RIP is behind an OUT at its exit, but not in the slot.
  static func vector(at address: UInt64) -> UInt8? {
    let base = linear(slots)
    guard address >= base, address < base + 256 * UInt64(slotSize) else { return nil }
    return UInt8(truncatingIfNeeded: (address - base) / UInt64(slotSize))
  }

  /// The physical address of an offset in ``segment``.
  static func linear(_ offset: UInt16) -> UInt64 { UInt64(segment) << 4 + UInt64(offset) }

  /// The offset of the slot of `vector`.
  static func slot(_ vector: UInt8) -> UInt16 { slots + UInt16(vector) * slotSize }

  /// What the interrupt vector table holds: 256 pairs of offset and segment.
  static let vectors: [UInt8] = {
    var table: [UInt8] = []
    table.reserveCapacity(1024)
    for vector in UInt8.min...UInt8.max {
      table.append(
        vector == BIOSServices.fontVector
          ? FarPointer(fontSegment, font8x16) : FarPointer(segment, handler(of: vector)))
    }
    return table
  }()

  private static func handler(of vector: UInt8) -> UInt16 {
    switch vector {
    case 0x08: timer
    case 0x09: keyboard
    case 0x0A...0x0F: masterInterrupt
    // Break, the user's timer tick and the user's alarm: hooks that do nothing.
    case 0x1B, 0x1C, 0x4A: noHandler
    case 0x1E: disketteParameters
    case 0x1F: upperFont8x8
    case 0x70: clock
    case 0x71...0x77: slaveInterrupt
    default: slot(vector)
    }
  }

  /// All bytes from F000:E000 to F000:FFFF.
  static let bytes: [UInt8] = {
    var rom = [UInt8](repeating: 0, count: 0x1_0000 - Int(slots))
    func put(_ bytes: [UInt8], at offset: UInt16) {
      let start = Int(offset - slots)
      rom.replaceSubrange(start..<start + bytes.count, with: bytes)
    }
    for vector in UInt8.min...UInt8.max { put(slotCode, at: slot(vector)) }
    put(startCode, at: start)
    put(timerCode, at: timer)
    put(keyboardCode, at: keyboard)
    put(masterInterruptCode, at: masterInterrupt)
    put(slaveInterruptCode, at: slaveInterrupt)
    put(clockCode, at: clock)
    put(disketteParameterBytes, at: disketteParameters)
    put(configurationBytes, at: configuration)
    put(Array("Scanline\0".utf8), at: vendorName)
    put(VGAFont.size8x8.glyphs, at: font8x8)
    put(Array(VGAFont.size8x8.glyphs.prefix(128 * 8)), at: fixedFont8x8)
    // ljmp to the slot of INT 19h; the date; the model: a PC/AT.
    var jump: [UInt8] = [0xEA]
    jump.append(FarPointer(segment, slot(0x19)))
    put(jump, at: resetVector)
    put(Array("11/22/26".utf8) + [0, 0xFC, 0], at: resetVector + 5)
    return rom
  }()

  /// The fonts from ``font8x16`` on.
  static let fonts = VGAFont.size8x16.glyphs + VGAFont.size8x14.glyphs

  // MARK: Code

  /// The call. ``BIOS`` answers in the registers and in the FLAGS that `iret` takes from the stack;
  /// the carry and zero flags of the moment ask for another round (``BIOSCall/Outcome``).
  private static let slotCode: [UInt8] = [
    0xE6, UInt8(port),  //  0: out %al, $port
    0x72, 0x04,  //  2: jc 8
    0x74, 0x06,  //  4: jz 12
    0xCF,  //  6: iret
    0x90,  //  7: nop
    0xFB,  //  8: sti
    0xF4,  //  9: hlt
    0xEB, 0xF4,  // 10: jmp 0
    0xFB,  // 12: sti
    0x90,  // 13: nop: interrupts are taken behind it
    0xEB, 0xF0,  // 14: jmp 0
  ]

  /// 8259: edge-triggered, vectors 08h and 70h, slave at input 2; timer, keyboard and slave let
  /// through. 8254: counter 0 in mode 3 with a count of 65536, 18.2 Hz. The stack has the image's IP, CS
  /// and FLAGS.
  private static let startCode: [UInt8] = [
    0xB0, 0x11, 0xE6, 0x20, 0xE6, 0xA0,  // mov $0x11, %al; out to 0x20, 0xA0 (ICW1)
    0xB0, 0x08, 0xE6, 0x21,  // mov $0x08, %al; out to 0x21 (ICW2)
    0xB0, 0x70, 0xE6, 0xA1,  // mov $0x70, %al; out to 0xA1
    0xB0, 0x04, 0xE6, 0x21,  // mov $0x04, %al; out to 0x21 (ICW3)
    0xB0, 0x02, 0xE6, 0xA1,  // mov $0x02, %al; out to 0xA1
    0xB0, 0x01, 0xE6, 0x21, 0xE6, 0xA1,  // mov $0x01, %al; out to 0x21, 0xA1 (ICW4)
    0xB0, 0xF8, 0xE6, 0x21,  // mov $0xF8, %al; out to 0x21 (OCW1)
    0xB0, 0xFF, 0xE6, 0xA1,  // mov $0xFF, %al; out to 0xA1
    0xB0, 0x36, 0xE6, 0x43,  // mov $0x36, %al; out to 0x43
    0x31, 0xC0, 0xE6, 0x40, 0xE6, 0x40,  // xor %ax, %ax; out to 0x40, twice
    0xB0, 0x03, 0xCD, 0x10,  // mov $0x03, %al; int $0x10
    // A byte that the keyboard has sent before has made its edge in vain, and no other one comes
    // until it is taken.
    0xE4, 0x64, 0xA8, 0x01,  // in $0x64, %al; test $1, %al
    0x74, 0x02, 0xCD, 0x09,  // jz 1f; int $0x09; 1:
    0x31, 0xC0,  // xor %ax, %ax
    0xCF,  // iret
  ]

  /// INT 08h, IRQ 0: counts at 0040:006C, notes midnight at 0040:0070, calls INT 1Ch.
  private static let timerCode: [UInt8] = [
    0x1E, 0x50, 0x52,  // push %ds, %ax, %dx
    0xB8, 0x40, 0x00, 0x8E, 0xD8,  // mov $0x40, %ax; mov %ax, %ds
    0x66, 0xFF, 0x06, 0x6C, 0x00,  // incl 0x6C
    0x66, 0x81, 0x3E, 0x6C, 0x00, 0xB0, 0x00, 0x18, 0x00,  // cmpl $0x1800B0, 0x6C
    0x72, 0x0E,  // jb 1f
    0x66, 0xC7, 0x06, 0x6C, 0x00, 0, 0, 0, 0,  // movl $0, 0x6C
    0xC6, 0x06, 0x70, 0x00, 0x01,  // movb $1, 0x70
    0xCD, 0x1C,  // 1: int $0x1C
    0xB0, 0x20, 0xE6, 0x20,  // mov $0x20, %al; out %al, $0x20
    0x5A, 0x58, 0x1F, 0xCF,  // pop %dx, %ax, %ds; iret
  ]

  /// INT 09h, IRQ 1: offers the scan code to INT 15h AH=4Fh, then to the slot of INT 09h.
  private static let keyboardCode: [UInt8] = [
    0x50,  // push %ax
    0xE4, 0x60,  // in $0x60, %al
    0xB4, 0x4F, 0xF9, 0xCD, 0x15,  // mov $0x4F, %ah; stc; int $0x15
    0x73, 0x06,  // jnc 1f
    0x9C, 0x9A, 0x90, 0xE0, 0x00, 0xF0,  // pushf; lcall $0xF000, $0xE090
    0xB0, 0x20, 0xE6, 0x20,  // 1: mov $0x20, %al; out %al, $0x20
    0x58, 0xCF,  // pop %ax; iret
  ]

  /// An interrupt of the master that nobody uses. Its `iret` is ``noHandler``.
  private static let masterInterruptCode: [UInt8] = [
    0x50, 0xB0, 0x20, 0xE6, 0x20, 0x58, 0xCF,
  ]

  /// An interrupt of the slave that nobody uses.
  private static let slaveInterruptCode: [UInt8] = [
    0x50, 0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58, 0xCF,
  ]

  /// INT 70h, IRQ 8: reads register C of the clock, or there would be no other.
  private static let clockCode: [UInt8] = [
    0x50, 0xB0, 0x0C,  // push %ax; mov $0x0C, %al
    0xE6, 0x70, 0xE4, 0x71,  // out to 0x70; in from 0x71
    0xB0, 0x20, 0xE6, 0xA0, 0xE6, 0x20, 0x58, 0xCF,
  ]

  // MARK: Tables

  /// Step rate and times of a 1.44 MB drive: 512 bytes a sector, 18 a track.
  private static let disketteParameterBytes: [UInt8] = [
    0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08,
  ]

  /// What INT 15h AH=C0h points to: model FC, second 8259, real-time clock, INT 15h AH=4Fh, EBDA.
  private static let configurationBytes: [UInt8] = [
    0x08, 0x00, 0xFC, 0x00, 0x01, 0x74, 0x40, 0x00, 0x00, 0x00,
  ]
}
