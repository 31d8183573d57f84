import Devices
import TestSupport
import Testing

/// The 8259A once more, as naively as possible: a list of levels by priority, and loops over it.
private struct ReferencePIC {
  var order = Array(0..<8)
  var high = Set<Int>(), edges = Set<Int>(), inService = Set<Int>(), masked = Set<Int>()
  var levels = Set<Int>()
  var special = false, automatic = false, rotating = false, nested = false

  var requests: Set<Int> { edges.subtracting(levels).union(high.intersection(levels)) }

  var winner: Int? {
    for level in order {
      let isBlocking = inService.contains(level) && !(special && masked.contains(level))
      if requests.contains(level), !masked.contains(level) {
        if !isBlocking || nested && level == 2 { return level }
      }
      if isBlocking { return nil }
    }
    return nil
  }

  mutating func makeLowest(_ level: Int) {
    while order.last != level { order.append(order.removeFirst()) }
  }

  mutating func acknowledge() -> Int {
    guard let level = winner else { return 7 }
    edges.remove(level)
    if automatic {
      if rotating { makeLowest(level) }
    } else {
      inService.insert(level)
    }
    return level
  }

  mutating func write(ocw2: UInt8) {
    let level = Int(ocw2 & 7)
    switch ocw2 >> 5 {
    case 0: rotating = false
    case 4: rotating = true
    case 1, 5:
      let ended = order.first { inService.contains($0) && !(special && masked.contains($0)) }
      guard let ended else { return }
      inService.remove(ended)
      if ocw2 >> 5 == 5 { makeLowest(ended) }
    case 3: inService.remove(level)
    case 6: makeLowest(level)
    case 7:
      inService.remove(level)
      makeLowest(level)
    default: break
    }
  }

  mutating func initialize(icw4: UInt8) {
    self = ReferencePIC(high: high, levels: levels)
    automatic = icw4 & 0x02 != 0
    nested = icw4 & 0x10 != 0
  }

  static func set(_ byte: UInt8) -> Set<Int> { Set((0..<8).filter { byte >> UInt8($0) & 1 != 0 }) }
}

/// The 8254 once more, a clock at a time, by the datasheet's sentences.
private struct ReferenceCounter {
  var mode = 0, count = 0, element = 0, modulus = 65_536
  var out = false, gate = true, loads = false, isLoaded = false, isArmed = false
  var halfIsOdd = false, isNull = true, rises = 0

  /// The element as it is read.
  var read: UInt16 {
    let number = element % modulus
    return modulus == 65_536 ? UInt16(number) : UInt16(String(number), radix: 16) ?? 0
  }

  /// - Returns: After how many clocks OUT has risen first.
  mutating func run(_ clocks: Int) -> Int? {
    let before = rises
    var first: Int?
    for clock in 0..<clocks {
      tick()
      if first == nil, rises > before { first = clock + 1 }
    }
    return first
  }

  mutating func set(_ level: Bool) {
    if level, !out { rises += 1 }
    out = level
  }

  mutating func program(mode: Int, bcd: Bool) {
    self = ReferenceCounter(
      mode: mode, element: element % (bcd ? 10_000 : 65_536), modulus: bcd ? 10_000 : 65_536,
      out: out, gate: gate, rises: rises)
    set(mode != 0)
  }

  mutating func write(_ value: Int) {
    count = value == 0 ? modulus : value
    isNull = true
    if mode == 0 { set(false) }
    if mode == 0 || mode == 4 || (mode == 2 || mode == 3) && !isLoaded { loads = true }
  }

  mutating func setGate(_ level: Bool) {
    if level, !gate, count > 0, [1, 2, 3, 5].contains(mode) { loads = true }
    if !level, mode == 2 || mode == 3 { set(true) }
    gate = level
  }

  mutating func tick() {
    if mode >= 4 { set(true) }
    if loads {
      loads = false
      isLoaded = true
      isNull = false
      isArmed = true
      element = count
      halfIsOdd = count % 2 == 1
      switch mode {
      case 1: set(false)
      case 2: set(!gate || count != 1)
      case 3:
        set(true)
        element -= count % 2
      default: break
      }
      return
    }
    guard isLoaded, gate || mode == 1 || mode == 5 else { return }
    switch mode {
    case 2:
      if element == 1 { isNull = false }
      element = element == 1 ? count : element - 1
      set(element != 1)
    case 3:
      // An odd count's high half has a clock at zero.
      let last = halfIsOdd && out ? 0 : 2
      if element > last {
        element -= 2
      } else {
        isNull = false
        set(!out || count == 1)
        halfIsOdd = count % 2 == 1
        element = count - count % 2
      }
    default:
      element = (element + modulus - 1) % modulus
      if element == 0, isArmed {
        isArmed = false
        set(mode < 4)
      }
    }
  }
}

@Suite("8259A and 8254 properties", .timeLimit(.minutes(5)))
struct InterruptChipPropertyTests {
  @Test("the 8259A agrees with a naive model", arguments: 1...4 as ClosedRange<UInt64>)
  func referencePIC(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var pic = PIC8259(cascadeInput: 2)
    var model = ReferencePIC()
    for step in 0..<20_000 * effort {
      let bits = random.next()
      let value = UInt8(truncatingIfNeeded: bits >> 8)
      var agrees = true
      switch bits % 64 {
      case 0..<28:
        let input = Int(value & 7)
        let isHigh = value & 0x80 != 0
        pic.setInput(UInt8(input), isHigh)
        if isHigh {
          if model.high.insert(input).inserted { model.edges.insert(input) }
        } else {
          model.high.remove(input)
          model.edges.remove(input)
        }
      case 28..<42: agrees = Int(pic.acknowledge()) == model.acknowledge()
      case 42..<54:
        pic.write(0, value & 0xE7)
        model.write(ocw2: value & 0xE7)
      case 54..<58:
        pic.write(1, value & value >> 4)
        model.masked = ReferencePIC.set(value & value >> 4)
      case 58..<60:
        pic.write(0, value & 0x80 != 0 ? 0x68 : 0x48)
        model.special = value & 0x80 != 0
      case 60..<62:
        pic.writeLevelTriggered(value)
        model.levels = ReferencePIC.set(value)
      case 62:
        pic.write(0, 0x0C)
        let polled = model.winner == nil ? 0 : 0x80
        agrees = Int(pic.read(value)) == polled | model.acknowledge()
      default:
        pic.initialize(base: value, icw4: value & 0x13)
        model.initialize(icw4: value & 0x13)
      }
      pic._checkInvariants()
      agrees =
        agrees && ReferencePIC.set(pic.requests) == model.requests
        && ReferencePIC.set(pic.inService) == model.inService
        && pic.isRequesting == (model.winner != nil)
      try #require(agrees, "seed \(seed), step \(step)")
    }
  }

  @Test(
    "the 8254 agrees with a model that counts every clock", arguments: 1...4 as ClosedRange<UInt64>)
  func referencePIT(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var pit = PIT8254()
    var model = ReferenceCounter()
    for step in 0..<20_000 * effort {
      let bits = random.next()
      let value = UInt16(truncatingIfNeeded: bits >> 16)
      var agrees = true
      switch bits % 16 {
      case 0:
        let mode = UInt8(value % 6)
        let isBCD = value & 0x100 != 0
        pit.write(3, 0x30 | mode << 1 | (isBCD ? 1 : 0))
        model.program(mode: Int(mode), bcd: isBCD)
      case 1..<4:
        // A digit is the same in binary and BCD, and short counts have more events.
        pit.writeCount(0, value % 10)
        model.write(Int(value % 10))
      case 4..<6:
        pit.setGate(of: 0, value & 1 == 0)
        model.setGate(value & 1 == 0)
      default:
        let longest: UInt16 = value & 0x3FF == 0 ? 70 : value & 0x100 == 0 ? 4 : 40
        let clocks = Int(value % longest) * (longest == 70 ? 1000 : 1)
        let predicted = pit.nextRise(of: 0).map { Int($0 - pit.clock) }
        _ = pit.takeRise(of: 0)
        let firstRise = model.run(clocks)
        pit.advance(to: pit.clock + UInt64(clocks))
        agrees = firstRise == predicted.flatMap { $0 <= clocks ? $0 : nil }
        agrees = agrees && pit.takeRise(of: 0) == (firstRise != nil)
      }
      pit._checkInvariants()
      agrees = agrees && pit[0].out == model.out && pit.latched() == model.read
      agrees = agrees && pit.nullCount() == (model.isNull ? 1 : 0)
      try #require(agrees, "seed \(seed), step \(step): \(model)")
    }
  }

  @Test("nothing that a guest or a device can do to the pair breaks the invariants")
  func randomAccessesOfThePair() {
    var random = SplitMix64(seed: 0x8259)
    let pair = InterruptController8259 { _ in }
    let lines = (0..<16).map { pair.line($0) }
    let ports: [UInt16] = [0x1F, 0x20, 0x21, 0x9F, 0xA0, 0xA1, 0x4CF, 0x4D0, 0x4D1, 0xFFFF]
    for _ in 0..<100_000 * effort {
      let bits = random.next()
      let port = ports[Int(bits >> 8 % UInt64(ports.count))]
      let size = Int(bits >> 16 % 9)
      let value = UInt32(truncatingIfNeeded: bits >> 32)
      switch bits % 8 {
      case 0..<2: _ = pair.read(port: port, size: size)
      case 2..<4: pair.write(port: port, size: size, value: value)
      case 4: _ = pair.acknowledge()
      default: lines[Int(value & 15)].set(value & 16 != 0)
      }
      pair._checkInvariants()
    }
    // Whatever happened, a kernel that sets everything up again has working interrupts.
    for line in lines { line.set(false) }
    pair.write(port: 0x4D0, size: 2, value: 0)
    for (port, base, cascade) in [(0x20, 0x20, 4), (0xA0, 0x28, 2)] as [(UInt16, UInt8, UInt8)] {
      pair.out(port, 0x11)
      for word in [base, cascade, 0x01, 0x00] { pair.out(port + 1, word) }
    }
    lines[12].set(true)
    #expect(pair.hasInterrupt)
    #expect(pair.acknowledge() == 0x2C)
  }

  @Test("nothing that a guest or time can do to the timer breaks the invariants")
  func randomAccessesOfTheTimer() throws {
    var random = SplitMix64(seed: 0x8254)
    let clock = ManualClock()
    let line = RecordingLine()
    let timer = IntervalTimer8254(clock: clock.device, interrupt: line)
    let ports: [UInt16] = [0x3F, 0x40, 0x41, 0x42, 0x43, 0x43, 0x60, 0x61, 0xFFFF]
    for step in 0..<100_000 * effort {
      let bits = random.next()
      let port = ports[Int(bits >> 8 % UInt64(ports.count))]
      let size = Int(bits >> 16 % 9)
      let value = UInt32(truncatingIfNeeded: bits >> 32)
      switch bits % 8 {
      case 0..<2: _ = timer.read(port: port, size: size)
      case 2..<5: timer.write(port: port, size: size, value: value)
      case 5: clock.advance(by: UInt64(value) >> (bits >> 24 & 31))
      case 6: timer.advance(to: clock.now)
      default:
        guard let deadline = timer.deadline else { continue }
        // The line rises at the deadline, and after that there is another one or none.
        clock.set(max(clock.now, deadline))
        timer.advance(to: clock.now)
        try #require(line.isAsserted, "step \(step)")
        try #require(timer.deadline.map { $0 > clock.now } ?? true, "step \(step)")
      }
      timer._checkInvariants()
      try #require(line.take().count <= 8, "step \(step): a flood")
    }
  }
}
