import Glibc
import SystemPackage
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct TracerTests {
  /// More than the tracer holds, and the pipe besides.
  private static let count: UInt64 = 100_000

  private func event(_ number: UInt64) -> TraceEvent {
    TraceEvent(
      time: number, cpu: 0, rip: nil,
      kind: .mmio(address: 0, size: 8, value: number, isWrite: true))
  }

  /// The lines that `pipe` brings, until one of them ends the trace.
  private func lines(_ pipe: Pipe, until isLast: (Substring) -> Bool) throws -> [Substring] {
    var bytes: [UInt8] = []
    while true {
      bytes += try pipe.read(65_536)
      guard bytes.last == UInt8(ascii: "\n") else { continue }
      let end = String(decoding: bytes.suffix(200), as: UTF8.self).split(separator: "\n")
      if let last = end.last, isLast(last) {
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      }
    }
  }

  @Test("a slow reader holds up those who may wait, and misses nothing")
  func slowReader() throws {
    let pipe = try Pipe(capacity: 4096)
    let tracer = try Tracer(
      TraceConfiguration(.all, to: pipe.writer), stopEvent: EventDescriptor())
    try tracer.begin()
    let recorder = try Thread(name: "recorder") { [self] in
      for number in 1...Self.count { tracer.record(event(number), mayWait: true) }
      tracer.finish()
    }
    let end = " \(Self.count.hexadecimal)"
    let lines = try lines(pipe) { $0.hasSuffix(end) }
    recorder.join()
    #expect(lines.count == Int(Self.count))
    let isInOrder = zip(lines, 1...).allSatisfy { $0.hasSuffix(" \($1.hexadecimal)") }
    #expect(isInOrder)
  }

  @Test("those who may not wait drop events, and the trace says where and how many")
  func dropped() throws {
    let pipe = try Pipe(capacity: 4096)
    let tracer = try Tracer(
      TraceConfiguration(.all, to: pipe.writer), stopEvent: EventDescriptor())
    try tracer.begin()
    for number in 1...Self.count { tracer.record(event(number), mayWait: false) }
    let finisher = try Thread(name: "finisher") { tracer.finish() }
    let lines = try lines(pipe) { $0.contains("dropped") }
    finisher.join()
    var next: UInt64 = 1
    var dropped: UInt64 = 0
    for line in lines {
      if let match = line.firstMatch(of: #/dropped (\d+) events$/#) {
        let count = try #require(UInt64(match.output.1))
        dropped += count
        next += count
      } else {
        #expect(line.hasSuffix(" \(next.hexadecimal)"))
        next += 1
      }
    }
    #expect(dropped > 0)
    #expect(next == Self.count + 1)
  }

  @Test("a stop lets those go who wait for a reader that never comes")
  func stop() throws {
    let pipe = try Pipe(capacity: 4096)
    let stop = try EventDescriptor()
    let tracer = try Tracer(TraceConfiguration(.all, to: pipe.writer), stopEvent: stop)
    try tracer.begin()
    let recorder = try Thread(name: "recorder") { [self] in
      for number in 1...Self.count { tracer.record(event(number), mayWait: true) }
    }
    stop.signal()
    recorder.join()
    tracer.abandon()
  }

  @Test("a trace that has no room fails once, and holds up nobody")
  func noSpace() throws {
    let full = try FileDescriptor.open(FilePath("/dev/full"), .writeOnly, options: .closeOnExec)
    defer { try? full.close() }
    let tracer = try Tracer(TraceConfiguration(.all, to: full), stopEvent: EventDescriptor())
    try tracer.begin()
    for number in 1...Self.count { tracer.record(event(number), mayWait: true) }
    #expect(tracer.finish() == .noSpace)
  }

  @Test("a line tells microseconds, vCPU, RIP and what happened")
  func format() {
    func line(_ cpu: UInt32?, _ rip: UInt64?, _ kind: TraceEvent.Kind) -> String {
      var text: [UInt8] = []
      TraceEvent(time: 1_234_567, cpu: cpu, rip: rip, kind: kind).append(to: &text, since: 4567)
      return String(decoding: text, as: UTF8.self)
    }
    let out = TraceEvent.Kind.portIO(
      port: 0x3F8, size: 1, value: 0x41, isWrite: true, isCoalesced: false)
    #expect(line(2, 0x7C00, out) == "      1230.000 cpu2 0x7c00 io out 0x3f8 1 0x41\n")
    let cases: [(TraceEvent.Kind, String)] = [
      (.exit(.dirtyRingFull), "exits dirty_ring_full"),
      (
        .portIO(port: 0x3F8, size: 1, value: 0x41, isWrite: true, isCoalesced: true),
        "io out 0x3f8 1 0x41 coalesced"
      ),
      (
        .mmio(address: 0xFEC0_0000, size: 4, value: 7, isWrite: false),
        "mmio load 0xfec00000 4 0x7"
      ),
      (.interruptLine(gsi: 4, isAsserted: true), "irq 4 high"),
      (.harvest(pages: 3), "dirty 3 pages"), (.transmitted(0x41), "serial 0x41 A"),
      (.transmitted(0x0A), "serial 0x0a"), (.dropped(5), "dropped 5 events"),
    ]
    for (kind, words) in cases {
      #expect(line(nil, nil, kind) == "      1230.000 - - \(words)\n")
    }
  }
}
