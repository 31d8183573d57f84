import Devices
import Synchronization

/// Both clocks of a host, which move when a test says so.
final class FakeTime: Sendable {
  private let instant: Mutex<MC146818.Instant>
  /// How often a device said that its deadline may be earlier.
  let deadlineChanges = Counter()

  /// - Parameter wall: Seconds since the beginning of 1970; the monotonic clock begins elsewhere.
  init(monotonic: UInt64 = 77_000_000_123, wall: Int64 = 1_700_000_000) {
    instant = Mutex(MC146818.Instant(monotonic: monotonic, wall: wall * 1_000_000_000))
  }

  var now: MC146818.Instant { instant.withLock { $0 } }

  /// Time passes: nanoseconds.
  func pass(_ nanoseconds: UInt64) {
    instant.withLock {
      $0.monotonic += nanoseconds
      $0.wall += Int64(nanoseconds)
    }
  }

  /// Someone sets the host's clock: by nanoseconds.
  func stepWallClock(_ nanoseconds: Int64) { instant.withLock { $0.wall += nanoseconds } }

  var clock: DeviceClock {
    DeviceClock(now: { self.now.monotonic }, deadlineChanged: { self.deadlineChanges.increment() })
  }
}

extension UInt64 {
  static let second: UInt64 = 1_000_000_000
  static let millisecond: UInt64 = 1_000_000
  static let microsecond: UInt64 = 1_000
}

/// A real-time clock, its interrupt line and its time.
struct RTC {
  let time: FakeTime
  let line = RecordingLine()
  let device: RealTimeClock

  init(time: FakeTime = FakeTime(), memory: [UInt8] = []) {
    self.time = time
    device = RealTimeClock(
      memory: memory, clock: time.clock, wallClock: { time.now.wall }, interrupt: line)
  }

  func read(_ index: UInt8) -> UInt8 {
    device.write(port: 0x70, size: 1, value: UInt32(index))
    return UInt8(truncatingIfNeeded: device.read(port: 0x71, size: 1))
  }

  func write(_ index: UInt8, _ value: UInt8) {
    device.write(port: 0x70, size: 1, value: UInt32(index))
    device.write(port: 0x71, size: 1, value: UInt32(value))
  }

  /// Century, year, month, day, hours, minutes, seconds, as they are in the registers.
  func date() -> [UInt8] { [0x32, 9, 8, 7, 4, 2, 0].map(read) }

  /// Sets what ``date()`` reads, as drivers do.
  func setDate(_ bytes: [UInt8]) {
    let control = read(0x0B)
    write(0x0B, control | 0x80)
    for (index, byte) in zip([0x32, 9, 8, 7, 4, 2, 0] as [UInt8], bytes) { write(index, byte) }
    write(0x0B, control)
  }

  /// Sets the alarm to hours, minutes and seconds, as they are in the registers.
  func setAlarm(_ bytes: [UInt8]) {
    for (index, byte) in zip([5, 3, 1] as [UInt8], bytes) { write(index, byte) }
  }

  /// Lets time pass as a machine does: `advance` at each deadline on the way.
  ///
  /// - Returns: How often that was.
  @discardableResult
  func run(_ nanoseconds: UInt64) -> Int {
    let end = time.now.monotonic + nanoseconds
    var rounds = 0
    while let deadline = device.deadline, deadline <= end {
      if deadline > time.now.monotonic { time.pass(deadline - time.now.monotonic) }
      device.advance(to: time.now.monotonic)
      rounds += 1
    }
    time.pass(end - time.now.monotonic)
    return rounds
  }
}
