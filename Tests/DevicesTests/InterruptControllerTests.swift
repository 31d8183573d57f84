import Devices
import Synchronization
import Testing

@Suite("8259A pair", .timeLimit(.minutes(5)))
struct InterruptControllerTests {
  /// A pair as a PC's kernel leaves it, and what its output did.
  private func makePair(
    masterICW4: UInt8 = 0x01, slaveICW4: UInt8 = 0x01
  ) -> (InterruptController8259, RecordingLine) {
    let output = RecordingLine()
    let pair = InterruptController8259 { output.set($0) }
    for (port, base, icw3, icw4) in [
      (0x20, 0x20, 0x04, masterICW4), (0xA0, 0x28, 0x02, slaveICW4),
    ] as [(UInt16, UInt8, UInt8, UInt8)] {
      pair.out(port, 0x11)
      for word in [base, icw3, icw4, 0x00] { pair.out(port + 1, word) }
    }
    return (pair, output)
  }

  @Test("every input has its vector", arguments: (0..<16).filter { $0 != 2 })
  func vectors(irq: Int) {
    let (pair, output) = makePair()
    let line = pair.line(irq)
    line.set(true)
    #expect(pair.hasInterrupt)
    #expect(pair.acknowledge() == 0x20 + UInt8(irq))
    #expect(!pair.hasInterrupt)
    #expect(output.take() == [true, false])
    #expect(pair.pics.master.inService == (irq < 8 ? 1 << UInt8(irq) : 0x04))
    #expect(pair.pics.slave.inService == (irq < 8 ? 0 : 1 << UInt8(irq - 8)))
    line.set(false)
    line.set(true)
    #expect(!pair.hasInterrupt, "in service")
    if irq >= 8 { pair.out(0xA0, 0x20) }
    pair.out(0x20, 0x20)
    #expect(pair.hasInterrupt)
    pair._checkInvariants()
  }

  @Test("IRQ 2 and numbers that do not exist lead nowhere", arguments: [2, -1, 16, Int.max])
  func unconnected(irq: Int) {
    let (pair, output) = makePair()
    pair.line(irq).set(true)
    #expect(!pair.hasInterrupt)
    #expect(output.history.isEmpty)
    pair._checkInvariants()
  }

  @Test("the slave comes between IRQ 1 and IRQ 3")
  func priorities() {
    let (pair, _) = makePair()
    for irq in [3, 15, 1, 8, 7, 0] { pair.line(irq).set(true) }
    var order: [UInt8] = []
    while pair.hasInterrupt {
      let vector = pair.acknowledge()
      order.append(vector)
      if vector >= 0x28 { pair.out(0xA0, 0x20) }
      pair.out(0x20, 0x20)
    }
    #expect(order == [0x20, 0x21, 0x28, 0x2F, 0x23, 0x27])
  }

  @Test("without SFNM the slave waits for both EOIs, with it only for its own priorities")
  func nestedSlave() {
    for (icw4, nests) in [(0x01, false), (0x11, true)] as [(UInt8, Bool)] {
      let (pair, _) = makePair(masterICW4: icw4)
      pair.line(12).set(true)
      #expect(pair.acknowledge() == 0x2C)
      pair.line(14).set(true)
      #expect(!pair.hasInterrupt)
      pair.line(8).set(true)
      #expect(pair.hasInterrupt == nests)
      if nests { #expect(pair.acknowledge() == 0x28) }
    }
  }

  @Test("two requests of a slave with automatic EOI are two edges for the master")
  func automaticEOIOfSlave() {
    let (pair, output) = makePair(masterICW4: 0x03, slaveICW4: 0x03)
    pair.line(9).set(true)
    pair.line(10).set(true)
    #expect(pair.acknowledge() == 0x29)
    #expect(pair.hasInterrupt)
    #expect(pair.acknowledge() == 0x2A)
    #expect(!pair.hasInterrupt)
    #expect(output.take() == [true, false], "INTR stayed high between them")
  }

  @Test("a request of the slave that goes takes the master's with it: a spurious IRQ 7")
  func spurious() {
    let (pair, output) = makePair()
    pair.line(11).set(true)
    pair.line(11).set(false)
    #expect(output.take() == [true, false])
    #expect(pair.acknowledge() == 0x27)
    #expect(pair.pics.master.inService == 0 && pair.pics.slave.inService == 0)
  }

  @Test("masking the slave's request lowers INTR, unmasking raises it again")
  func maskedSlave() {
    let (pair, output) = makePair()
    pair.out(0xA1, 0x10)
    pair.line(12).set(true)
    #expect(!pair.hasInterrupt)
    pair.out(0xA1, 0x00)
    #expect(pair.hasInterrupt)
    pair.out(0xA1, 0x10)
    #expect(!pair.hasInterrupt)
    pair.out(0xA1, 0x00)
    #expect(pair.acknowledge() == 0x2C)
    #expect(output.take() == [true, false, true, false])
  }

  @Test("ELCR: a shared level stays, and the inputs of the board's own devices stay edges")
  func elcr() {
    let (pair, _) = makePair()
    pair.write(port: 0x4D0, size: 2, value: 0xFFFF)
    #expect(pair.read(port: 0x4D0, size: 2) == 0xDEF8)
    let line = pair.line(11)
    line.set(true)
    #expect(pair.acknowledge() == 0x2B)
    pair.out(0xA0, 0x20)
    pair.out(0x20, 0x20)
    #expect(pair.hasInterrupt)
    line.set(false)
    #expect(!pair.hasInterrupt)
  }

  @Test("a guest may poll both chips instead of taking interrupts")
  func poll() {
    let (pair, output) = makePair(slaveICW4: 0x03)
    pair.line(9).set(true)
    pair.line(15).set(true)
    for expected: UInt8 in [0x81, 0x87] {
      pair.out(0x20, 0x0C)
      #expect(pair.in(0x20) == 0x82)
      pair.out(0xA0, 0x0C)
      #expect(pair.in(0xA0) == expected)
      pair.out(0x20, 0x20)
      pair._checkInvariants()
    }
    #expect(!pair.hasInterrupt)
    #expect(output.take() == [true, false, true, false])
  }

  @Test("wide accesses are byte cycles, and there is nothing past a chip")
  func widths() {
    let (pair, _) = makePair()
    pair.write(port: 0x20, size: 2, value: 0x5A0B)
    pair.line(0).set(true)
    _ = pair.acknowledge()
    #expect(pair.read(port: 0x20, size: 1) == 0x01)
    #expect(pair.read(port: 0x20, size: 2) == 0x5A01)
    #expect(pair.read(port: 0x20, size: 4) == 0xFFFF_5A01)
    #expect(pair.read(port: 0xA1, size: 4) == 0xFFFF_FF00)
  }

  @Test("requests from many threads are all taken, and INTR is right in the end")
  func threads() async {
    let (pair, _) = makePair(masterICW4: 0x03, slaveICW4: 0x03)
    let rounds = 2_000
    let taken = Counter()
    await withTaskGroup { group in
      for irq in [1, 4, 9, 14] {
        let line = pair.line(irq)
        let bit = UInt8(1) << UInt8(irq & 7)
        group.addTask {
          for _ in 0..<rounds {
            line.set(true)
            // The edge is kept until somebody takes it.
            while (irq < 8 ? pair.pics.master : pair.pics.slave).requests & bit != 0 {
              await Task.yield()
            }
            line.set(false)
          }
        }
      }
      group.addTask {
        while taken.count < 4 * rounds {
          guard pair.hasInterrupt else {
            await Task.yield()
            continue
          }
          if [0x21, 0x24, 0x29, 0x2E].contains(pair.acknowledge()) { taken.increment() }
        }
      }
    }
    #expect(taken.count == 4 * rounds)
    #expect(!pair.hasInterrupt)
    pair._checkInvariants()
  }
}
