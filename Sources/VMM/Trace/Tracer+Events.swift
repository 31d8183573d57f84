import Devices
import KVM

/// What is traced outside of the exit loops. None of it waits: its callers hold locks.
extension Tracer {
  /// A write that KVM had collected reaches its device. Which vCPU made it is not known.
  func recordCollectedWrite(port: UInt16, size: Int, value: UInt32) {
    guard categories.contains(.io) else { return }
    record(
      .portIO(port: port, size: size, value: value, isWrite: true, isCoalesced: true))
  }

  /// The dirty log has reported `pages` pages of video memory.
  func recordHarvest(pages: Int) {
    guard categories.contains(.dirty) else { return }
    record(.harvest(pages: pages))
  }

  /// What traces the exits of `vcpu`, with its instruction pointer; nil if they are not.
  func tracing(_ vcpu: borrowing VCPU, coalesced: CoalescedWrites?) -> VCPUTrace? {
    guard !categories.isDisjoint(with: [.exits, .io, .mmio]) else { return nil }
    vcpu.mirrorsRegisters = true
    return VCPUTrace(cpu: vcpu.id, tracer: self, coalesced: coalesced)
  }

  /// `line` with its changes traced; itself if interrupts are not.
  func tracing(_ line: any InterruptLine, gsi: UInt32) -> any InterruptLine {
    categories.contains(.irq) ? TracedInterruptLine(line: line, gsi: gsi, tracer: self) : line
  }

  /// `sink` with what it takes traced as COM1's; itself if serial output is not.
  func tracing(_ sink: any ByteSink) -> any ByteSink {
    categories.contains(.serial) ? TracedByteSink(sink, self) : sink
  }

  fileprivate func record(_ kind: TraceEvent.Kind) {
    record(
      TraceEvent(time: monotonicNanoseconds(), cpu: nil, rip: nil, kind: kind), mayWait: false)
  }
}

private struct TracedInterruptLine: InterruptLine {
  let line: any InterruptLine
  let gsi: UInt32
  let tracer: Tracer

  func set(_ asserted: Bool) {
    tracer.record(.interruptLine(gsi: gsi, isAsserted: asserted))
    line.set(asserted)
  }
}

private final class TracedByteSink: ByteSink {
  private let sink: any ByteSink
  private let tracer: Tracer

  init(_ sink: any ByteSink, _ tracer: Tracer) {
    self.sink = sink
    self.tracer = tracer
  }

  func write(_ byte: UInt8) {
    tracer.record(.transmitted(byte))
    sink.write(byte)
  }
}
