import Devices
import Synchronization

extension PIC8259 {
  /// ICW1 to ICW4 of a chip in cascade, edge-triggered.
  mutating func initialize(base: UInt8, icw4: UInt8 = 0x01) {
    write(0, 0x11)
    for word in [base, 0x04, icw4] { write(1, word) }
  }

  /// The levels of the next acknowledges.
  mutating func acknowledge(times: Int) -> [UInt8] { (0..<times).map { _ in acknowledge() } }
}

extension InterruptController8259 {
  func `in`(_ port: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: read(port: port, size: 1)) }
  func out(_ port: UInt16, _ value: UInt8) { write(port: port, size: 1, value: UInt32(value)) }
}

extension IntervalTimer8254 {
  func `in`(_ port: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: read(port: port, size: 1)) }
  func out(_ port: UInt16, _ value: UInt8) { write(port: port, size: 1, value: UInt32(value)) }

  /// Writes a control word to counter 0 and a count, both bytes.
  func program(_ control: UInt8, count: UInt16) {
    out(0x43, control)
    out(0x40, UInt8(truncatingIfNeeded: count))
    out(0x40, UInt8(truncatingIfNeeded: count >> 8))
  }
}

extension PIT8254 {
  /// Writes a control word (access: both bytes) and a count.
  mutating func program(
    _ counter: UInt8 = 0, mode: UInt8, count: UInt16, bcd: Bool = false
  ) {
    write(3, counter << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0))
    writeCount(counter, count)
  }

  mutating func writeCount(_ counter: UInt8 = 0, _ count: UInt16) {
    write(counter, UInt8(truncatingIfNeeded: count))
    write(counter, UInt8(truncatingIfNeeded: count >> 8))
  }

  /// The count by the latch command, with access to both bytes.
  mutating func latched(_ counter: UInt8 = 0) -> UInt16 {
    write(3, counter << 6)
    let low = read(counter)
    return UInt16(read(counter)) << 8 | UInt16(low)
  }

  /// The status by the read-back command.
  mutating func status(_ counter: UInt8 = 0) -> UInt8 {
    write(3, 0xE0 | 2 << counter)
    return read(counter)
  }

  /// What OUT and the count of counter 0 are after each of the next clocks.
  mutating func trace(_ clocks: Int) -> (out: String, counts: [UInt16]) {
    var out = ""
    var counts: [UInt16] = []
    for _ in 0..<clocks {
      advance(to: clock + 1)
      out += self[0].out ? "1" : "0"
      counts.append(latched())
    }
    return (out, counts)
  }

  /// What OUT of counter 0 is after each of the next clocks.
  mutating func outs(_ clocks: Int) -> String { trace(clocks).out }

  /// What the count of counter 0 is after each of the next clocks.
  mutating func counts(_ clocks: Int) -> [UInt16] { trace(clocks).counts }

  /// The next bytes that a counter gives.
  mutating func bytes(_ count: Int, of counter: UInt8 = 0) -> [UInt8] {
    (0..<count).map { _ in read(counter) }
  }

  /// Bit 6 of the status.
  mutating func nullCount() -> UInt8 { status() >> 6 & 1 }
}

/// A clock that stands still until it is set.
final class ManualClock: Sendable {
  private let time: Atomic<UInt64>
  /// How often a device said that its deadline became earlier.
  let notices = Counter()

  init(_ start: UInt64 = 1_000_000) { time = Atomic(start) }

  var now: UInt64 { time.load(ordering: .relaxed) }
  func set(_ now: UInt64) { time.store(now, ordering: .relaxed) }
  func advance(by nanoseconds: UInt64) { time.add(nanoseconds, ordering: .relaxed) }

  var device: DeviceClock { DeviceClock(now: { self.now }, deadlineChanged: notices.increment) }
}
