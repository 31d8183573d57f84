import Devices
import Testing

@Suite("8259A", .timeLimit(.minutes(5)))
struct PIC8259Tests {
  /// A chip after ICW1 to ICW4 as a PC programs its master, vectors from 0x20.
  private func makePIC(icw4: UInt8 = 0x01, cascadeInput: UInt8? = nil) -> PIC8259 {
    var pic = PIC8259(cascadeInput: cascadeInput)
    pic.initialize(base: 0x20, icw4: icw4)
    return pic
  }

  // MARK: Initialisation

  @Test("ICW1 to ICW4 in sequence; then the data register is the mask")
  func initialization() {
    var pic = PIC8259()
    pic.write(0, 0x11)
    pic.write(1, 0x4F)
    #expect(pic.vectorBase == 0x48, "only T7 to T3 count")
    pic.write(1, 0x04)
    pic.write(1, 0x01)
    #expect(pic.mask == 0)
    pic.write(1, 0xA5)
    #expect(pic.mask == 0xA5)
    #expect(pic.read(1) == 0xA5)
  }

  @Test(
    "SNGL leaves out ICW3, and without IC4 there is no ICW4",
    arguments: [(0x11, 3), (0x10, 2), (0x13, 2), (0x12, 1)] as [(UInt8, Int)])
  func initializationLength(icw1: UInt8, words: Int) {
    var pic = PIC8259()
    pic.write(0, icw1)
    for _ in 0..<words {
      pic.write(1, 0x08)
      #expect(pic.mask == 0)
    }
    pic.write(1, 0xEE)
    #expect(pic.mask == 0xEE)
  }

  @Test("ICW1 clears mask, service, modes and priorities, and asks for new edges")
  func reinitialization() {
    var pic = makePIC(icw4: 0x13)
    pic.write(0, 0x0B)
    pic.write(0, 0x68)
    pic.write(0, 0xC2)
    pic.write(1, 0xF0)
    pic.setInput(1, true)
    pic.initialize(base: 0x70)
    #expect(pic.mask == 0 && pic.inService == 0 && pic.requests == 0)
    #expect(!pic.isRequesting, "the input is still high: no edge")
    pic.setInput(1, false)
    pic.setInput(1, true)
    pic.setInput(3, true)
    #expect(pic.read(0) == 0x0A, "IRR is read again")
    #expect(pic.acknowledge() == 1, "IR0 has the highest priority again")
    #expect(pic.inService == 0x02, "no automatic EOI")
  }

  @Test("an ICW1 in the middle starts the sequence again")
  func interruptedInitialization() {
    var pic = PIC8259()
    pic.write(0, 0x11)
    pic.write(1, 0x20)
    pic.initialize(base: 0x30)
    pic.write(1, 0x55)
    #expect(pic.vectorBase == 0x30 && pic.mask == 0x55)
  }

  // MARK: Triggers

  @Test("an edge requests once, and is gone with the acknowledge")
  func edge() {
    var pic = makePIC()
    pic.setInput(4, true)
    pic.setInput(4, true)
    #expect(pic.requests == 0x10 && pic.isRequesting)
    #expect(pic.acknowledge() == 4)
    #expect(pic.vector(of: 4) == 0x24)
    #expect(pic.requests == 0 && pic.inService == 0x10 && !pic.isRequesting)
    pic.write(0, 0x20)
    #expect(!pic.isRequesting, "the level alone requests nothing")
    pic.setInput(4, false)
    pic.setInput(4, true)
    #expect(pic.isRequesting)
  }

  @Test("a level requests as long as it is high, but not while it is in service")
  func level() {
    var pic = makePIC()
    pic.writeLevelTriggered(0x20)
    pic.setInput(5, true)
    #expect(pic.acknowledge() == 5)
    #expect(pic.requests == 0x20 && !pic.isRequesting)
    pic.write(0, 0x20)
    #expect(pic.isRequesting, "still high")
    #expect(pic.acknowledge() == 5)
    pic.setInput(5, false)
    pic.write(0, 0x20)
    #expect(!pic.isRequesting && pic.requests == 0)
  }

  @Test("a level that is high requests again after ICW1, an edge does not")
  func levelThroughInitialization() {
    var pic = makePIC()
    pic.writeLevelTriggered(0x20)
    pic.setInput(5, true)
    pic.setInput(6, true)
    pic.initialize(base: 0x20)
    #expect(pic.requests == 0x20)
  }

  @Test("ELCR changes only what it may")
  func elcr() {
    var pic = PIC8259(configurableInputs: 0xF8)
    pic.writeLevelTriggered(0xFF)
    #expect(pic.levelTriggered == 0xF8)
  }

  @Test("LTIM of ICW1 is replaced by ELCR")
  func ltim() {
    var pic = PIC8259()
    pic.write(0, 0x19)
    for word: UInt8 in [0x20, 0x04, 0x01] { pic.write(1, word) }
    pic.setInput(1, true)
    _ = pic.acknowledge()
    pic.write(0, 0x20)
    #expect(!pic.isRequesting)
  }

  @Test("a request that is gone by the acknowledge is spurious: level 7, not in service")
  func spurious() {
    var pic = makePIC()
    pic.setInput(3, true)
    #expect(pic.isRequesting)
    pic.setInput(3, false)
    #expect(!pic.isRequesting)
    #expect(pic.acknowledge() == 7)
    #expect(pic.inService == 0)
    pic.setInput(7, true)
    #expect(pic.acknowledge() == 7)
    #expect(pic.inService == 0x80, "a real IR7 is in service: that is how to tell")
  }

  @Test("a spurious level 7 does not disturb what is in service")
  func spuriousInService() {
    var pic = makePIC()
    pic.setInput(2, true)
    _ = pic.acknowledge()
    #expect(pic.acknowledge() == 7)
    #expect(pic.inService == 0x04)
  }

  // MARK: Mask and priority

  @Test("a masked request waits")
  func mask() {
    var pic = makePIC()
    pic.write(1, 0x02)
    pic.setInput(1, true)
    #expect(!pic.isRequesting && pic.requests == 0x02)
    pic.write(1, 0x00)
    #expect(pic.isRequesting)
  }

  @Test("fully nested: only a higher priority interrupts")
  func fullyNested() {
    var pic = makePIC()
    pic.setInput(4, true)
    #expect(pic.acknowledge() == 4)
    pic.setInput(5, true)
    #expect(!pic.isRequesting)
    pic.setInput(3, true)
    #expect(pic.acknowledge() == 3)
    #expect(pic.inService == 0x18)
    pic.write(0, 0x20)
    #expect(pic.inService == 0x10, "the non-specific EOI ends the highest")
    #expect(!pic.isRequesting)
    pic.write(0, 0x20)
    #expect(pic.acknowledge() == 5)
  }

  @Test("a specific EOI ends the level that it names")
  func specificEOI() {
    var pic = makePIC()
    for level: UInt8 in [6, 2] {
      pic.setInput(level, true)
      #expect(pic.acknowledge() == level)
    }
    pic.write(0, 0x66)
    #expect(pic.inService == 0x04)
    pic.write(0, 0x65)
    #expect(pic.inService == 0x04, "a level that is not in service")
  }

  @Test("set priority makes a level the lowest, and rotates the others with it")
  func setPriority() {
    var pic = makePIC()
    pic.write(0, 0xC4)
    for level: UInt8 in 0...7 { pic.setInput(level, true) }
    var order: [UInt8] = []
    for _ in 0..<8 {
      order.append(pic.acknowledge())
      pic.write(0, 0x20)
    }
    #expect(order == [5, 6, 7, 0, 1, 2, 3, 4])
  }

  @Test("rotate on non-specific EOI gives equal turns")
  func rotateOnNonSpecificEOI() {
    var pic = makePIC()
    pic.writeLevelTriggered(0xFF)
    for level: UInt8 in [1, 4, 6] { pic.setInput(level, true) }
    var order: [UInt8] = []
    for _ in 0..<6 {
      order.append(pic.acknowledge())
      pic.write(0, 0xA0)
    }
    #expect(order == [1, 4, 6, 1, 4, 6])
    pic.write(0, 0xA0)
    #expect(pic.acknowledge() == 1, "with nothing in service there is nothing to rotate to")
  }

  @Test("rotate on specific EOI rotates to the level that it names")
  func rotateOnSpecificEOI() {
    var pic = makePIC()
    pic.setInput(2, true)
    _ = pic.acknowledge()
    pic.write(0, 0xE2)
    #expect(pic.inService == 0)
    for level: UInt8 in [0, 3] { pic.setInput(level, true) }
    #expect(pic.acknowledge() == 3)
  }

  @Test("automatic EOI leaves nothing in service, and rotates if told to")
  func automaticEOI() {
    var pic = makePIC(icw4: 0x03)
    pic.writeLevelTriggered(0xFF)
    for level: UInt8 in [1, 4] { pic.setInput(level, true) }
    #expect(pic.acknowledge() == 1)
    #expect(pic.inService == 0)
    #expect(pic.acknowledge() == 1)
    pic.write(0, 0x80)
    #expect(pic.acknowledge(times: 3) == [1, 4, 1])
    pic.write(0, 0x00)
    #expect(pic.acknowledge(times: 2) == [4, 4], "IR1 stays the lowest")
  }

  @Test("no operation does nothing")
  func noOperation() {
    var pic = makePIC()
    pic.setInput(2, true)
    _ = pic.acknowledge()
    let before = pic
    pic.write(0, 0x42)
    #expect(pic == before)
  }

  @Test("special mask mode: a masked level in service blocks nobody, and survives an EOI")
  func specialMaskMode() {
    var pic = makePIC()
    pic.setInput(3, true)
    _ = pic.acknowledge()
    pic.write(1, 0x08)
    pic.setInput(6, true)
    #expect(!pic.isRequesting)
    pic.write(0, 0x68)
    #expect(pic.isRequesting)
    #expect(pic.acknowledge() == 6)
    pic.write(0, 0x20)
    #expect(pic.inService == 0x08, "not the masked one, which has the higher priority")
    pic.write(0, 0x20)
    #expect(pic.inService == 0x08)
    pic.write(0, 0x28)
    pic.setInput(6, false)
    pic.setInput(6, true)
    #expect(pic.isRequesting, "SMM without ESMM changes nothing")
    pic.write(0, 0x48)
    #expect(!pic.isRequesting, "special mask mode is off")
    pic.write(0, 0x63)
    #expect(pic.isRequesting)
  }

  @Test("special fully nested mode: a slave may ask again while it is served")
  func specialFullyNested() {
    for (icw4, asksAgain) in [(0x01, false), (0x11, true)] as [(UInt8, Bool)] {
      var pic = makePIC(icw4: icw4, cascadeInput: 2)
      for input: UInt8 in [2, 3] {
        pic.setInput(input, true)
        _ = pic.acknowledge()
        pic.setInput(input, false)
        pic.setInput(input, true)
        #expect(pic.isRequesting == (asksAgain && input == 2), "input \(input)")
        pic.setInput(input, false)
        pic.write(0, 0x20)
      }
      pic.setInput(2, true)
      _ = pic.acknowledge()
      pic.setInput(4, true)
      #expect(!pic.isRequesting, "a lower priority is still locked out")
    }
  }

  // MARK: Reading

  @Test("OCW3 selects IRR or ISR, and the selection stays")
  func readSelect() {
    var pic = makePIC()
    pic.setInput(1, true)
    _ = pic.acknowledge()
    pic.setInput(5, true)
    #expect(pic.read(0) == 0x20)
    pic.write(0, 0x0B)
    #expect(pic.read(0) == 0x02)
    #expect(pic.read(0) == 0x02)
    pic.write(0, 0x08)
    #expect(pic.read(0) == 0x02, "without RR the selection stays")
    pic.write(0, 0x0A)
    #expect(pic.read(0) == 0x20)
  }

  @Test("a poll acknowledges, once, at either register", arguments: [0, 1] as [UInt8])
  func poll(register: UInt8) {
    var pic = makePIC()
    pic.write(1, 0x40)
    pic.write(0, 0x0C)
    #expect(pic.read(register) == 0x07, "no request")
    pic.setInput(5, true)
    #expect(pic.read(1) == 0x40, "not a poll any more")
    pic.write(0, 0x0C)
    #expect(pic.read(register) == 0x85)
    #expect(pic.inService == 0x20 && pic.requests == 0)
    #expect(pic.read(1) == 0x40)
    pic.write(0, 0x0F)
    #expect(pic.read(0) == 0x07, "the poll comes before the register")
    #expect(pic.read(0) == 0x20, "but that was selected")
  }
}
