import Devices
import Dispatch
import Glibc
import Synchronization
import Testing

/// A sink that does not return until it is told to.
private final class BlockingSink: ByteSink {
  let entered = DispatchSemaphore(value: 0)
  let release = DispatchSemaphore(value: 0)
  private let recorded = RecordingSink()

  func write(_ byte: UInt8) {
    entered.signal()
    release.wait()
    recorded.write(byte)
  }

  var bytes: [UInt8] { recorded.bytes }
}

/// A line that notices two calls at once and calls that change nothing.
private final class StrictLine: InterruptLine {
  private let level = Atomic<Bool>(false)
  private let inside = Atomic<Bool>(false)
  let violations = Counter()
  let changes = Counter()

  func set(_ asserted: Bool) {
    if inside.exchange(true, ordering: .sequentiallyConsistent) { violations.increment() }
    if level.exchange(asserted, ordering: .sequentiallyConsistent) == asserted {
      violations.increment()
    }
    changes.increment()
    inside.store(false, ordering: .sequentiallyConsistent)
  }

  var isAsserted: Bool { level.load(ordering: .sequentiallyConsistent) }
}

/// Runs each body on a thread of its own, all from the same moment, and waits for all of them.
private func onThreads(_ bodies: [@Sendable () -> Void]) {
  let arrived = DispatchGroup()
  let finished = DispatchGroup()
  for _ in bodies { arrived.enter() }
  for body in bodies {
    DispatchQueue(label: "virtual CPU").async(
      group: finished,
      execute: DispatchWorkItem {
        arrived.leave()
        arrived.wait()
        body()
      })
  }
  finished.wait()
}

@Suite("Serial port under threads", .timeLimit(.minutes(5)))
struct SerialThreadTests {
  @Test("the line's changes are ordered and end at the right level")
  func lineConsistency() {
    let line = StrictLine()
    let port = SerialPort(interrupt: line, output: RecordingSink(), inputCapacity: 64)
    port.write(Reg.fcr, 0x41)
    port.write(Reg.mcr, 0x08)
    onThreads([
      {
        for round in 0..<20_000 {
          port.enqueue([UInt8(truncatingIfNeeded: round)])
          port.write(Reg.ier, UInt8(round & 0x03))
        }
      },
      {
        for _ in 0..<20_000 {
          _ = port.read(Reg.iir)
          _ = port.read(Reg.rbr)
          port.write(Reg.thr, 0x2E)
        }
      },
    ])
    #expect(line.violations.count == 0)
    #expect(line.changes.count > 0)
    #expect(line.isAsserted == port.uart.interruptAsserted)
    port.write(Reg.ier, 0x00)
    #expect(!line.isAsserted)
  }

  @Test(
    "two virtual CPUs that write lose nothing, and keep their order",
    arguments: [0x00, 0x02] as [UInt8])
  func outputOrder(interruptEnable: UInt8) {
    let sink = RecordingSink()
    let port = SerialPort(interrupt: RecordingLine(), output: sink)
    port.write(Reg.ier, interruptEnable)
    onThreads([
      { for byte in 0..<10_000 { port.write(Reg.thr, UInt8(byte & 0x7F)) } },
      { for byte in 0..<10_000 { port.write(Reg.thr, UInt8(byte & 0x7F) | 0x80) } },
    ])
    let expected = (0..<10_000).map { UInt8($0 & 0x7F) }
    #expect(sink.bytes.filter { $0 < 0x80 } == expected)
    #expect(sink.bytes.filter { $0 >= 0x80 }.map { $0 & 0x7F } == expected)
    #expect(port.bytesTransmitted == 20_000)
  }

  @Test("a sink that blocks stops neither the input nor a guest that reads")
  func blockedOutput() {
    let sink = BlockingSink()
    let port = SerialPort(interrupt: RecordingLine(), output: sink)
    let written = DispatchSemaphore(value: 0)
    DispatchQueue(label: "virtual CPU 0").async {
      port.write(Reg.thr, 0x41)
      written.signal()
    }
    sink.entered.wait()
    #expect(port.enqueue([0x42, 0x43]) == 2)
    port.sendBreak()
    port.endInput()
    #expect(port.read(Reg.rbr) == 0x42)
    #expect(port.inputSpace == 0)
    #expect(sink.bytes == [])
    sink.release.signal()
    written.wait()
    #expect(sink.bytes == [0x41])
  }

  @Test("a sender that waits for the low-water call delivers everything to a reader")
  func producerAndConsumer() {
    let isLow = DispatchSemaphore(value: 0)
    let port = SerialPort(
      interrupt: RecordingLine(), output: RecordingSink(), inputCapacity: 256
    ) { isLow.signal() }
    port.write(Reg.fcr, 0xC1)
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let received = Mutex<[UInt8]>([])
    onThreads([
      {
        var sent = 0
        while sent < bytes.count {
          let accepted = port.enqueue(Array(bytes[sent..<min(sent + 100, bytes.count)]))
          sent += accepted
          if accepted == 0 { isLow.wait() }
        }
        port.endInput()
      },
      {
        var taken: [UInt8] = []
        while true {
          // MSR first: if the carrier was lost by then, LSR shows what is left.
          let carrier = port.read(Reg.msr) & 0x80 != 0
          let batch = port.readAll()
          taken += batch
          if !carrier, batch.isEmpty { break }
        }
        received.withLock { $0 = taken }
      },
    ])
    #expect(received.withLock { $0 } == bytes)
  }
}
