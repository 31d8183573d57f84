import KVM
import VMM

/// The results of all contenders with all workloads on one screen.
struct FlushMatrix {
  let mode: FramebufferMode
  private var slices: [Workload: [Contender: [FlushSlice]]] = [:]

  init(mode: FramebufferMode) {
    self.mode = mode
  }

  /// Ticks before a slice counts, longer than a page needs to become hot.
  private static let warmUp = 20

  /// Measures everybody once more, one after the other, in an order that turns around each round.
  mutating func measure(
    _ workload: Workload, machines: WorkloadMachines, log: DirtyLogInterface, round: Int
  ) throws {
    let order = round % 2 == 0 ? Contender.allCases : Contender.allCases.reversed()
    for contender in order {
      let machine = try machines.make(
        workload.commandLine(megahertz: machines.megahertz), mode: mode,
        log: contender.log(best: log))
      let slice = try FlushSlice.measure(
        contender, of: machine, warmUp: Self.warmUp, ticks: workload.ticks)
      slices[workload, default: [:]][contender, default: []].append(slice)
    }
  }

  /// The median of the rounds. Not the smallest: in that the guest may not have got to draw.
  func hostTime(_ workload: Workload, _ contender: Contender) -> Double {
    Samples(values: values(workload, contender).map(\.hostTime)).median
  }

  /// The same without the display's own part.
  func flushTime(_ workload: Workload, _ contender: Contender) -> Double {
    Samples(values: values(workload, contender).map { $0.hostTime - $0.displayTime }).median
  }

  /// Bytes compared, copied and shown by a tick, on average.
  private func touched(_ workload: Workload, _ contender: Contender) -> Double {
    let slices = values(workload, contender)
    return slices.map { $0.compared + $0.copied + $0.shown }.reduce(0, +) / Double(slices.count)
  }

  /// The guest's speed in relation to that which it has when nobody looks: the median of the rounds.
  func guestSpeed(_ workload: Workload, _ contender: Contender) -> Double {
    Samples(values: values(workload, contender).map(\.guestSpeed))
      .ratio(to: Samples(values: values(workload, .untracked).map(\.guestSpeed)))
  }

  private func values(_ workload: Workload, _ contender: Contender) -> [FlushSlice] {
    slices[workload]?[contender] ?? []
  }

  /// The table as text.
  var lines: [String] {
    let flushers = Contender.allCases.filter { $0 != .untracked }
    let width = 8
    let groups = ["us of host CPU a tick", "KiB touched a tick", "guest speed, % of untracked"]
    let heading = flushers.map { $0.label.leftPadded(to: width) }.joined()
    return [
      "", "\(mode.width)x\(mode.height), \(mode.bitsPerPixel) bits",
      "  ".padded(to: 17) + groups.map { $0.leftPadded(to: 4 * width) }.joined(),
      "  ".padded(to: 17) + groups.map { _ in heading }.joined(),
    ]
      + Workload.allCases.filter { slices[$0] != nil }.map { workload in
        let times = flushers.map { hostTime(workload, $0).fixed(1) }
        let bytes = flushers.map { (touched(workload, $0) / 1024).fixed(1) }
        let speeds = flushers.map { (guestSpeed(workload, $0) * 100).fixed(0) }
        return "  " + workload.label.padded(to: 15)
          + (times + bytes + speeds).map { $0.leftPadded(to: width) }.joined()
      }
  }
}
