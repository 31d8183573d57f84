import CKVM
import Devices
import KVM
import Synchronization
import TestSupport
import Testing

@testable import VMM

@Suite("BIOS: system services")
struct BIOSSystemTests {
  @Test("the memory map ends, in order and without overlaps, and has all of RAM but the EBDA")
  func memoryMap() throws {
    var bench = try BIOSBench(memoryAbove4GiB: 1 << 30)
    var entries: [(start: UInt64, size: UInt64, kind: UInt32)] = []
    var index: UInt64 = 0
    repeat {
      let call = bench.call(0x15) {
        $0.ax = 0xE820
        $0.registers.rdx = 0x534D_4150
        $0.registers.rbx = index
        $0.registers.rcx = 24
        $0.di = 0x9000
      }
      try #require(!call.carry && call.registers.rax == 0x534D_4150 && call.registers.rcx == 20)
      entries.append(
        (
          UInt64(bench.memory.long(0x9000)) | UInt64(bench.memory.long(0x9004)) << 32,
          UInt64(bench.memory.long(0x9008)) | UInt64(bench.memory.long(0x900C)) << 32,
          bench.memory.long(0x9010)
        ))
      index = call.registers.rbx
    } while index != 0 && entries.count < 20
    for (entry, next) in zip(entries, entries.dropFirst()) {
      #expect(entry.size > 0 && entry.start + entry.size <= next.start)
    }
    let memory = entries.filter { $0.kind == 1 }
    #expect(memory.map(\.start) == [0, 0x10_0000, 0x1_0000_0000])
    #expect(memory.map(\.size) == [0x9FC00, 3 << 20, 1 << 30])
    let beyond = bench.call(0x15) {
      $0.ax = 0xE820
      $0.registers.rdx = 0x534D_4150
      $0.registers.rbx = 100
      $0.registers.rcx = 24
    }
    #expect(beyond.carry)
  }

  @Test("the older calls tell the same memory")
  func memorySizes() throws {
    var bench = try BIOSBench()
    #expect(bench.call(0x12).ax == 639)
    #expect(bench.call(0x15) { $0.ah = 0x88 }.ax == 3 << 10)
    let sizes = bench.call(0x15) { $0.ax = 0xE801 }
    #expect((sizes.ax, sizes.bx, sizes.cx, sizes.dx) == (3 << 10, 0, 3 << 10, 0))
  }

  @Test("a block moves by its descriptors, and one beyond RAM does not")
  func moveBlock() throws {
    var bench = try BIOSBench()
    _ = bench.memory.write(Array("moved!".utf8), at: 0x5000)
    bench.memory.store(UInt32(0x5000), at: 0x9012)
    bench.memory.store(UInt32(0x20_0000), at: 0x901A)
    func move() -> BIOSCall {
      bench.call(0x15) {
        $0.ah = 0x87
        $0.cx = 3
        $0.si = 0x9000
      }
    }
    #expect(!move().carry)
    #expect(bench.memory.read(6, at: 0x20_0000) == Array("moved!".utf8))
    bench.memory.store(UInt8(0x40), at: 0x901F)
    #expect(move().carry)
  }

  @Test("a wait of no time returns, a longer one is repeated with its registers as they were")
  func wait() throws {
    var bench = try BIOSBench()
    #expect("\(bench.callWithOutcome(0x15) { $0.ah = 0x86 }.outcome)" == "returns")
    var repeats = 0
    while true {
      let (call, outcome) = bench.callWithOutcome(0x15) {
        $0.ah = 0x86
        $0.dx = 30_000
      }
      #expect(call.dx == 30_000)
      if case .returns = outcome { break }
      repeats += 1
    }
    #expect((1...30).contains(repeats))
  }

  @Test("what is not implemented sets carry, and is counted by interrupt and function")
  func unsupported() throws {
    var bench = try BIOSBench()
    var statistics = BIOSStatistics()
    for (vector, function) in [(0x15, 0xEE), (0x15, 0xEE), (0x17, 0x00)] as [(UInt8, UInt8)] {
      let call = bench.call(vector) { $0.ah = function }
      #expect(call.carry)
      var before = call
      before.ah = function
      statistics.count(before, call)
    }
    #expect(bench.call(0x15) { $0.ah = 0xEE }.ah == 0x86)
    #expect(
      statistics.unsupported == [
        .init(interrupt: 0x15, function: 0xEE, count: 2),
        .init(interrupt: 0x17, function: 0x00, count: 1),
      ])
    #expect(statistics.calls == 3)
  }

  @Test("ticks are read and set, and midnight is told once")
  func ticks() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x1A) {
      $0.ah = 0x01
      $0.cx = 0x0012
      $0.dx = 0x3456
    }
    #expect(bench.memory.long(BIOSDataArea.ticks) == 0x0012_3456)
    bench.memory.store(UInt8(1), at: BIOSDataArea.midnight)
    let first = bench.call(0x1A)
    #expect((first.al, first.cx, first.dx) == (1, 0x0012, 0x3456))
    #expect(bench.call(0x1A).al == 0)
  }

  /// A real-time clock that stands still.
  private final class StoppedClock: PortIODevice {
    private let registers: [UInt8: UInt8]
    private let index = Mutex<UInt8>(0)

    init(_ registers: [UInt8: UInt8]) { self.registers = registers }

    func read(port: UInt16, size: Int) -> UInt32 {
      UInt32(registers[index.withLock { $0 }] ?? 0)
    }
    func write(port: UInt16, size: Int, value: UInt32) {
      if port == 0x70 { index.withLock { $0 = UInt8(value) } }
    }
  }

  @Test("BIOS and DOS tell the date of the real-time clock, each in its own way")
  func date() throws {
    // Monday the 23rd of November 2026; a week begins with Sunday, 1.
    let clock = StoppedClock([0x06: 2, 0x07: 0x23, 0x08: 0x11, 0x09: 0x26, 0x32: 0x20])
    var bench = try BIOSBench(devices: [([0x70...0x71], clock)])
    let bios = bench.call(0x1A) { $0.ah = 0x04 }
    #expect((bios.cx, bios.dx) == (0x2026, 0x1123))
    let dos = bench.call(0x21) { $0.ah = 0x2A }
    #expect((dos.cx, dos.dh, dos.dl, dos.al) == (2026, 11, 23, 1))
    #expect(!dos.isUnsupported)
  }

  @Test("DOS reads a line with its echo, as long as there is room, and corrected by Backspace")
  func dosLine() throws {
    var bench = try BIOSBench()
    bench.memory.store(UInt8(4), at: 0x9000)
    func read() -> (call: BIOSCall, outcome: BIOSCall.Outcome) {
      bench.callWithOutcome(0x21) {
        $0.ah = 0x0A
        $0.dx = 0x9000
      }
    }
    #expect("\(read().outcome)" == "waitsForInterrupt")
    // a, an arrow, b, Backspace, c, d, and e for which there is no room.
    bench.press(0x1E, 0xE0, 0x48, 0x30)
    #expect("\(read().outcome)" == "waitsForInterrupt")
    bench.press(0x0E, 0x2E, 0x20, 0x12)
    #expect("\(read().outcome)" == "waitsForInterrupt")
    bench.press(0x1C)
    let end = read()
    #expect("\(end.outcome)" == "returns")
    #expect(!end.call.isUnsupported)
    #expect(bench.memory.read(6, at: 0x9000) == [4, 3] + Array("acd\r".utf8))
    #expect(bench.printer.text == "ab\u{8} \u{8}cd\u{7}\r")
    bench.memory.store(UInt8(0), at: 0x9000)
    #expect("\(read().outcome)" == "returns")
  }

  @Test("a program's end is the machine's, with its code")
  func programEnd() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x20)
    _ = bench.call(0x21) { $0.ax = 0x4C05 }
    #expect(bench.requests.endings == ["exited with 0", "exited with 5"])
  }

  @Test("DOS prints strings, reads keys and tells those without a character by a 0")
  func dosConsole() throws {
    var bench = try BIOSBench()
    _ = bench.memory.write(Array("text$".utf8), at: 0x9000)
    _ = bench.call(0x21) {
      $0.ah = 0x09
      $0.dx = 0x9000
    }
    #expect(bench.printer.text == "text")
    #expect("\(bench.callWithOutcome(0x21) { $0.ah = 0x08 }.outcome)" == "waitsForInterrupt")
    #expect(bench.call(0x21) { $0.ah = 0x0B }.al == 0)
    bench.press(0x1E, 0xE0, 0x48)
    #expect(bench.call(0x21) { $0.ah = 0x0B }.al == 0xFF)
    let read = (0..<3).map { _ in bench.call(0x21) { $0.ah = 0x07 }.al }
    #expect(read == [0x61, 0, 0x48])
  }

  @Test("every call returns, whatever the registers and the data area hold")
  func hostileCalls() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix64(seed: seed)
    var bench = try BIOSBench(disk: BIOSDiskTests.disk(2880))
    let vectors: [UInt8] = [
      0x09, 0x10, 0x10, 0x10, 0x11, 0x12, 0x13, 0x13, 0x14, 0x15, 0x16, 0x1A, 0x21, 0x40, 0x77,
    ]
    for step in 0..<2000 {
      if step % 50 == 0 {
        // The data area, and with it modes, pages, sizes and pointers, becomes anything.
        let address = 0x400 + UInt32(random.next() % 0x100)
        bench.memory.store(UInt16(truncatingIfNeeded: random.next()), at: address)
      }
      let vector = vectors[Int(random.next() % UInt64(vectors.count))]
      let call = bench.call(vector) { call in
        call.registers.rax = random.next()
        call.registers.rbx = random.next()
        call.registers.rcx = random.next()
        call.registers.rdx = random.next() % 4 == 0 ? 0x534D_4150 : random.next()
        call.registers.rsi = random.next()
        call.registers.rdi = random.next()
        call.registers.rbp = random.next()
        call.es = UInt16(truncatingIfNeeded: random.next())
        // Functions that exist, mostly; but no wait of an hour.
        call.ah = UInt8(truncatingIfNeeded: random.next() % 0x54)
        if vector == 0x10, random.next() % 4 == 0 { call.ah = 0x4F }
        // A long string takes its time.
        if call.ah == 0x13 { call.ch = 0 }
        if call.ah == 0x4F || call.ah == 0x10 || call.ah == 0x11 { call.al %= 0x34 }
      }
      #expect(call.vector == vector, "seed \(seed), step \(step)")
    }
  }
}
