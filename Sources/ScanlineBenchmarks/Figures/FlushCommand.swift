import ArgumentParser
import KVM
import SystemPackage
import VMM

/// What it costs to show what a guest draws, beside the ways in which others do it.
struct FlushCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flush", abstract: "The display's flush, beside three other ways to do it.")

  @Flag(help: "One screen size and one round: less than a minute.")
  var quick = false

  @Flag(help: "End with status 1 when a target is missed.")
  var check = false

  @Option(help: ArgumentHelp("How often each contender is measured.", valueName: "number"))
  var runs: Int?

  @Option(
    help: ArgumentHelp(
      "Only this workload, and no targets: \(Workload.names). May be repeated.", valueName: "name"))
  var workload: [Workload] = []

  @Argument(help: "The guest that draws.")
  var image: String

  /// The share of its untracked speed that a strategy must leave to the guest.
  private static let guestSpeedFloor = 0.8

  private var sizes: [(width: Int, height: Int)] {
    quick ? [(1920, 1080)] : [(640, 480), (1024, 768), (1920, 1080)]
  }

  func validate() throws {
    guard runs ?? 1 > 0 else { throw ValidationError("--runs: measure at least once") }
  }

  func run() throws {
    let log = try DirtyLogInterface.best(on: Hypervisor())
    let machines = WorkloadMachines(
      image: try FlatImage(ImageFile(path: FilePath(image))), megahertz: try Self.guestMegahertz())
    var promises: [Promise] = []
    var matrices: [FlushMatrix] = []
    for size in sizes {
      guard let mode = FramebufferMode(width: size.width, height: size.height, bitsPerPixel: 32)
      else { continue }
      var matrix = FlushMatrix(mode: mode)
      for workload in workload.isEmpty ? Workload.allCases : workload {
        for round in 0..<(runs ?? (quick ? 1 : 2)) * workload.roundFactor {
          try matrix.measure(workload, machines: machines, log: log, round: round)
        }
      }
      for line in matrix.lines { print(line) }
      matrices.append(matrix)
    }
    guard workload.isEmpty else { return }
    promises += try idlePromises(machines, log: log)
    if let largest = matrices.last {
      promises += Self.fullMotionPromises(largest)
      promises.append(try Self.sparsePromise(machines, mode: largest.mode, log: log))
    }
    if let promise = Self.fastestPromise(matrices) { promises.append(promise) }
    print("\nTargets, dirty log \(log.rawValue)")
    for promise in promises { print(promise.line) }
    print("  * Of those that keep the promise above to the guest: 80 % of its speed.")
    if check, promises.contains(where: { !$0.isMet }) { throw ExitCode(1) }
  }

  private func idlePromises(
    _ machines: WorkloadMachines, log: DirtyLogInterface
  ) throws -> [Promise] {
    guard let mode = FramebufferMode(width: 1920, height: 1080, bitsPerPixel: 32) else { return [] }
    let ticks = try IdleTicks().measure(rounds: quick ? 3 : 6)
    let wakeUps = try WakeUps(
      machines, mode: mode, log: log, quietSeconds: quick ? 2 : 10, transitions: 10)
    let hasTrap = IdleMode.detect() == .writeTrap
    return [
      Promise(
        label: "idle: flusher's CPU time in 1/60 s beyond a bare timer loop's",
        value: wakeUps.quietTime / 60 * 1e6 - ticks.bare.median, limit: 2, unit: "us"),
      Promise(
        label: "idle: flusher wake-ups in \(wakeUps.quietSeconds) s\(hasTrap ? "" : ", no trap")",
        value: Double(wakeUps.whileQuiet), limit: hasTrap ? 0 : Double(5 * wakeUps.quietSeconds),
        digits: 0),
      Promise(
        label: "first store after idle, to the flusher awake: median of 10",
        value: wakeUps.awakeLatencies.median, limit: hasTrap ? 1000 : 250_000, unit: "us",
        digits: 0),
      Promise(
        label: "first store after idle, to the frame that shows it: median",
        value: wakeUps.latencies.median, limit: hasTrap ? 16_667 : 250_000, unit: "us", digits: 0),
    ]
  }

  private static func fullMotionPromises(_ matrix: FlushMatrix) -> [Promise] {
    let size = matrix.mode.width * matrix.mode.height * matrix.mode.bitsPerPixel / 8
    let plain = PlainFrame.hostTime(size: size, rounds: 30)
    return [
      Promise(
        label: "full motion: guest speed, of untracked",
        value: 100 * matrix.guestSpeed(.full, .ours), limit: 100 * guestSpeedFloor, unit: "%",
        isFloor: true),
      Promise(
        label: "full motion: host time, of memcmp and memcpy (\(plain.fixed(0)) us)",
        value: matrix.flushTime(.full, .ours) / plain, limit: 1.3, digits: 2),
    ]
  }

  private static func sparsePromise(
    _ machines: WorkloadMachines, mode: FramebufferMode, log: DirtyLogInterface
  ) throws -> Promise {
    let shares = try Workload.allCases.filter(\.isSparse).map { workload in
      let machine = try machines.make(
        workload.commandLine(megahertz: machines.megahertz), mode: mode, log: log)
      let copies = try SparseCopies(of: machine)
      return (workload, share: Double(copies.copied) / max(copies.allowed, 1))
    }
    let worst = shares.max { $0.share < $1.share }
    return Promise(
      label: "sparse: bytes copied, of 1.1 x changed + 64 a run (\(worst?.0.label ?? ""))",
      value: worst?.share ?? .nan, limit: 1, digits: 2)
  }

  /// Our host time in relation to the fastest other's, where it is worst.
  private static func fastestPromise(_ matrices: [FlushMatrix]) -> Promise? {
    let others = Contender.allCases.filter { $0 != .untracked && $0 != .ours }
    let ratios = matrices.flatMap { matrix in
      // Motion without a pause has a promise of its own: nobody beats a plain copy of what has all
      // changed.
      Workload.allCases.filter { !$0.isNonstop }.map { workload in
        // Whoever brings the guest to a halt has nothing to flush.
        let best =
          others.filter { matrix.guestSpeed(workload, $0) >= guestSpeedFloor }
          .map { matrix.hostTime(workload, $0) }.min() ?? .nan
        return (
          label: "\(workload.label), \(matrix.mode.width)x\(matrix.mode.height)",
          ratio: matrix.hostTime(workload, .ours) / best
        )
      }
    }
    guard let worst = ratios.max(by: { $0.ratio < $1.ratio }) else { return nil }
    return Promise(
      label: "host time, of the fastest other's* (\(worst.label))", value: worst.ratio, limit: 1,
      digits: 2)
  }

  /// The frequency of a new vCPU's time-stamp counter.
  private static func guestMegahertz() throws -> Int {
    let vcpu = try Hypervisor().makeVirtualMachine().makeVCPU(id: 0)
    return Int(try vcpu.tscFrequency()) / 1000
  }
}
