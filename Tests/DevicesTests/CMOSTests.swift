import Devices
import TestSupport
import Testing

@Suite("Real-time clock: memory and ports", .timeLimit(.minutes(5)))
struct CMOSTests {
  private func word(_ bytes: [UInt8], _ index: UInt8) -> Int {
    Int(bytes[Int(index)]) | Int(bytes[Int(index) + 1]) << 8
  }

  @Test(
    "the sizes of memory, at and between their limits",
    arguments: [
      // MiB below and above 4 GiB; KiB of base and extended memory, 64 KiB above 16 MiB.
      (0, 0, 0, 0, 0), (2, 0, 640, 1024, 0), (16, 0, 640, 15 * 1024, 0),
      (17, 0, 640, 16 * 1024, 16), (64, 0, 640, 63 * 1024, 48 * 16),
      (65, 0, 640, 0xFFFF, 49 * 16), (3072, 1024, 640, 0xFFFF, 3056 * 16),
      (4096, 61 * 1024, 640, 0xFFFF, 4080 * 16),
    ] as [(UInt64, UInt64, Int, Int, Int)])
  func memorySizes(below: UInt64, above: UInt64, base: Int, extended: Int, above16: Int) {
    let bytes = CMOSMemory.contents(
      memoryBelow4GiB: below << 20, memoryAbove4GiB: above << 20)
    #expect(bytes.count == 128)
    #expect(word(bytes, 0x15) == base)
    #expect(word(bytes, 0x17) == extended)
    #expect(word(bytes, 0x30) == extended)
    #expect(word(bytes, 0x34) == above16)
    #expect(word(bytes, 0x5B) | Int(bytes[0x5D]) << 16 == Int(above) * 16)
  }

  @Test("sizes that do not fit are the largest")
  func hugeMemory() {
    let bytes = CMOSMemory.contents(memoryBelow4GiB: .max, memoryAbove4GiB: .max)
    #expect(word(bytes, 0x15) == 640)
    #expect(word(bytes, 0x34) == 0xFFFF)
    #expect(bytes[0x5B...0x5D].allSatisfy { $0 == 0xFF })
  }

  @Test("no drives, a coprocessor and a mouse, and a checksum that a BIOS accepts")
  func contents() {
    let bytes = CMOSMemory.contents(memoryBelow4GiB: 64 << 20, memoryAbove4GiB: 0)
    #expect(bytes[0x0F] == 0)
    #expect(bytes[0x10] == 0)
    #expect(bytes[0x14] == 0x06)
    let sum = bytes[0x10...0x2D].reduce(0) { $0 + Int($1) }
    #expect(sum > 0)
    #expect(Int(bytes[0x2E]) << 8 | Int(bytes[0x2F]) == sum)
  }

  @Test("memory keeps what is written, up to its last byte, and the clock's registers do not leak")
  func memory() {
    let rtc = RTC(memory: [UInt8](repeating: 0x5A, count: 200))
    #expect(rtc.read(0x0B) == 0x02)
    #expect(rtc.read(0x0E) == 0x5A)
    let free = (UInt8(0x0E)...0x7F).filter { $0 != 0x32 }
    for index in free { rtc.write(index, index ^ 0xA5) }
    for index in free { #expect(rtc.read(index) == index ^ 0xA5) }
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x20])
  }

  @Test("C and D cannot be written, and D says that the battery is good")
  func readOnly() {
    let rtc = RTC()
    rtc.write(0x0C, 0xFF)
    rtc.write(0x0D, 0x00)
    #expect(rtc.read(0x0C) == 0)
    #expect(rtc.read(0x0D) == 0x80)
  }

  @Test("bit 7 of the index port masks NMI and is no part of the index")
  func nmiMask() {
    let rtc = RTC()
    rtc.write(0x40, 0x11)
    rtc.device.write(port: 0x70, size: 1, value: 0xC0)
    #expect(rtc.device.isNMIMasked)
    #expect(rtc.device.read(port: 0x71, size: 1) & 0xFF == 0x11)
    rtc.device.write(port: 0x70, size: 1, value: 0x40)
    #expect(!rtc.device.isNMIMasked)
    #expect(rtc.device.read(port: 0x70, size: 1) & 0xFF == 0xFF, "cannot be read")
  }

  @Test("wide accesses are an index and its data")
  func wideAccess() {
    let rtc = RTC()
    rtc.device.write(port: 0x70, size: 2, value: 0x7740)
    #expect(rtc.read(0x40) == 0x77)
    #expect(rtc.device.read(port: 0x70, size: 2) & 0xFFFF == 0x77FF)
    #expect(rtc.device.read(port: 0x71, size: 4) == 0xFFFF_FF77)
    rtc.device.write(port: 0x71, size: 2, value: 0x4188)
    #expect(rtc.read(0x40) == 0x88)
  }

  @Test("random accesses at random times trap nowhere, and no interrupt is forgotten")
  func property() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    let rtc = RTC()
    for step in 0..<10_000 * effort {
      switch UInt8.random(in: 0...15, using: &random) {
      case 0: rtc.time.pass(UInt64.random(in: 0...10 * .second, using: &random))
      case 1: rtc.time.pass(UInt64.random(in: 0...10 * .millisecond, using: &random))
      case 2: rtc.device.advance(to: rtc.time.now.monotonic)
      case 3:
        rtc.time.stepWallClock(
          Int64.random(in: -200_000...200_000, using: &random) * 1_000_000_000)
      case 4: rtc.run(UInt64.random(in: 0...5 * .millisecond, using: &random))
      case 5 where UInt8.random(in: 0...15, using: &random) == 0: rtc.device.reset()
      case 6, 7:
        _ = rtc.device.read(
          port: UInt16.random(in: 0x6E...0x73, using: &random),
          size: Int.random(in: -1...5, using: &random))
      case 8:
        rtc.device.write(
          port: UInt16.random(in: 0x6E...0x73, using: &random),
          size: Int.random(in: -1...5, using: &random),
          value: UInt32(truncatingIfNeeded: random.next()))
      case 9: _ = rtc.read(0x0C)
      default:
        rtc.write(
          UInt8.random(in: 0...0x0F, using: &random), UInt8(truncatingIfNeeded: random.next()))
      }
      rtc.device._checkInvariants()
      // What is due has happened once the machine has called.
      if let deadline = rtc.device.deadline, deadline <= rtc.time.now.monotonic {
        rtc.device.advance(to: rtc.time.now.monotonic)
        guard rtc.line.isAsserted || (rtc.device.deadline ?? .max) > rtc.time.now.monotonic else {
          Issue.record("seed \(seed), step \(step): due and not done")
          return
        }
      }
      guard rtc.line.isAsserted == rtc.device.chip.interruptAsserted else {
        Issue.record("seed \(seed), step \(step): the line does not follow the chip")
        return
      }
      // A day at a time would soon end the clocks' range.
      if abs(rtc.time.now.wall) > 4_000_000_000 * 1_000_000_000 {
        rtc.time.stepWallClock(-rtc.time.now.wall)
      }
    }
  }
}
