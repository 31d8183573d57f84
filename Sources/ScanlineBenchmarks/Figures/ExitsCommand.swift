import ArgumentParser
import VMM

/// Exit, device, `KVM_RUN`: the machine's loop beside the C reference loop.
struct ExitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exits", abstract: "The exit loop against a C loop on the same vCPU.")

  @OptionGroup var options: FigureOptions

  /// Exits in one slice: some milliseconds, so that both of a pair meet the same machine.
  private static let exitsPerSlice = 1000
  private static let stubbedExitsPerSlice = 1_000_000

  func run() throws {
    let loop = try MeasuredPort.makeLoop()
    try options.report([kernelFigure(loop), stubbedFigure(loop)])
  }

  private func kernelFigure(_ loop: ExitLoop) throws -> Figure {
    let guest = try PortLoopGuest()
    let count = Self.exitsPerSlice
    var figure = Figure(
      title: "Exit loop: one vCPU, slices of \(count) exits in turn", unit: "us an exit",
      digits: 3)
    for port in MeasuredPort.allCases {
      let samples = try interleave(
        rounds: options.runs ?? 200,
        [
          { try guest.runReference(port: port.rawValue, count: count) * 1e6 / Double(count) },
          { try guest.run(loop, port: port.rawValue, count: count) * 1e6 / Double(count) },
        ])
      figure.addPair(port.label, samples, target: .ratio(1.02))
    }
    return figure
  }

  private func stubbedFigure(_ loop: ExitLoop) throws -> Figure {
    let stub = StubbedRuns()
    let count = Self.stubbedExitsPerSlice
    var figure = Figure(
      title: "User space's part of an exit: KVM_RUN is a stub", unit: "ns an exit", digits: 1)
    for port in MeasuredPort.allCases {
      let samples = try interleave(
        rounds: options.runs ?? 50,
        [
          { try stub.runReference(port: port.rawValue, count: count) * 1e9 / Double(count) },
          { try stub.run(loop, port: port.rawValue, count: count) * 1e9 / Double(count) },
        ])
      figure.addPair(port.label, samples, target: .minimum(25))
    }
    return figure
  }
}

extension Figure {
  fileprivate mutating func addPair(_ label: String, _ samples: [Samples], target: Target) {
    rows.append(Row(label: "\(label), C loop", samples: samples[0]))
    rows.append(
      Row(
        label: "\(label), Scanline", samples: samples[1], ratio: samples[1].ratio(to: samples[0]),
        target: target))
  }
}
