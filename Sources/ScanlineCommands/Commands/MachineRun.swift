import ArgumentParser
import Display
import Glibc
import SystemPackage
import VMM

/// What `run` and `demo` have in common: a machine from its start to the exit status.
struct MachineRun {
  var configuration = MachineConfiguration()
  var screenshot: String?
  var heatmap: String?
  var stats: ReportFormat?
  var tracing: TraceOptions?
  var timeout: Seconds?
  var input = InputTarget.auto
  var verbose = false
  var quiet = false

  init() {}

  init(
    _ options: MachineOptions, display: DisplayOptions, trace: TraceOptions
  ) throws(VMMError) {
    configuration = options.configuration()
    try display.apply(to: &configuration)
    screenshot = display.screenshot
    heatmap = display.heatmap
    stats = trace.stats
    tracing = trace
    timeout = options.timeout
    input = options.input ?? .auto
    verbose = options.verbose
    quiet = options.quiet
  }

  /// Runs `image` to its end, and ends the process accordingly: with a status, or by a signal.
  func run(_ image: BootImage) throws(VMMError) -> Never {
    // Before any file is touched, and before the machine's threads, which inherit the mask.
    let signals = try SignalQueue()
    let screenshot = try picture("screenshot", screenshot, of: image)
    let heatmap = try picture("heatmap", heatmap, of: image)
    var configuration = configuration
    if screenshot?.usesStandardOutput == true || heatmap?.usesStandardOutput == true {
      configuration.serialOutput = .standardError
    }
    configuration.trace = try tracing?.configuration()
    configuration.onReboot = { [verbose] in Self.announce($0, verbose: verbose) }
    configuration.onUnsupportedVideoMode = { mode in
      StandardError.say("the guest's VGA mode (\(mode)) cannot be shown; its screen stays dark")
    }
    if verbose || stats != nil { configuration.sinks.append(IgnoringSink()) }

    let machine = try Machine(configuration, booting: image)
    let heatmapSink = try heatmap.flatMap { _ throws(VMMError) in try machine.attach(Heatmap()) }
    if verbose { describe(image) }
    var session = ConsoleSession(
      machine, signals: signals, screenshot: LiveScreenshot(screenshot: screenshot),
      typesInput: input.types(for: image), timeout: timeout?.nanoseconds)
    var ending = try session.run()
    var failure = deliver(machine, screenshot, &ending, signals)
    // The guest's last line on the terminal may be unfinished.
    if Terminal.isStandardError, !machine.serialOutput.endsLine { StandardError.write("\n") }
    explain(ending, machine)
    if let heatmap, let heatmapSink, let sink = machine.detach(heatmapSink) as? Heatmap {
      do throws(VMMError) {
        try heatmap.write(sink.picture())
      } catch {
        failure = failure ?? error
      }
    }
    if let failure {
      StandardError.say(failure.description)
    } else if let screenshot, verbose {
      StandardError.say("the picture is in \(screenshot.name)")
    }
    // The kernel takes a machine apart faster with its process than before.
    withExtendedLifetime(machine) { end(ending, failure: failure) }
  }

  /// Writes what the run was for: the rest of the guest's output, and the picture.
  private func deliver(
    _ machine: Machine, _ screenshot: Screenshot?, _ ending: inout Ending, _ signals: SignalQueue
  ) -> VMMError? {
    var failure: VMMError?
    func write(_ screenshot: Screenshot) {
      do {
        try machine.withFrame { frame throws(VMMError) in try screenshot.write(frame) }
      } catch {
        failure = error
      }
    }
    // While signals still wait, so that none leaves a temporary file behind.
    if let screenshot, !screenshot.mayBlock { write(screenshot) }
    // From here on a signal ends the process at once: a reader may never come back.
    signals.release()
    switch ending {
    case .debugExit, .exited, .halted, .poweredOff, .reset, .quit:
      ending = machine.serialOutput.finish() ?? ending
    case .crash, .guestPanicked: machine.serialOutput.finish()
    case .timeout, .signal, .outputClosed, .failure: _ = machine.serialOutput.flush()
    }
    if let screenshot, screenshot.mayBlock { write(screenshot) }
    failure = failure ?? machine.finishTrace()
    return failure
  }

  /// The file of the picture that the option `name` asks for; nil if it does not.
  private func picture(
    _ name: String, _ path: String?, of image: BootImage
  ) throws(VMMError) -> Screenshot? {
    guard let path else { return nil }
    guard configuration.framebuffer != nil || configuration.vga.isPresent(for: image) else {
      throw VMMError(
        .usage, "\(name) \(path): there is no framebuffer; leave out --framebuffer none")
    }
    return try Screenshot(path: path)
  }

  /// A guest that dies is never rebooted in silence.
  private static func announce(_ reboot: Reboot, verbose: Bool) {
    if let crash = reboot.crash {
      StandardError.say("\(crash.summary); reboot \(reboot.number)")
    } else if verbose {
      StandardError.say(
        "the guest asks for a reset (\(reboot.cause.summary)); reboot \(reboot.number)")
    }
  }

  private func describe(_ image: BootImage) {
    let ranges = image.loadedRanges.map { "\($0.lowerBound) to \($0.upperBound)" }
    StandardError.say(
      "\(image.file.name): \(image.description), \(image.file.size) bytes, loaded at "
        + "\(ranges.joined(separator: ", ")), entered at \(image.entry.address) in "
        + image.entry.mode.summary)
  }

  private func explain(_ ending: Ending, _ machine: Machine) {
    if let error = machine.displayFailure { StandardError.say("display: \(error)") }
    if let summary = ending.summary, !quiet || !ending.isExpected { StandardError.say(summary) }
    for line in ending.details(machine.lastStates) { StandardError.write("  \(line)\n") }
    if machine.crashLoadedCount > 0 {
      StandardError.say(
        "the guest's kernel crashed, and its crash kernel took over (pvpanic)")
    }
    if let stats {
      MachineReport(
        machine.statistics, display: machine.flushStatistics, resets: machine.resetCount
      ).say(as: stats)
    }
    guard verbose else { return }
    if machine.resetCount > 0 { StandardError.say("resets: \(machine.resetCount)") }
    if let statistics = machine.flushStatistics?.frames {
      StandardError.say(
        "display: \(statistics.updates) updates, \(statistics.pagesReported) dirty pages, "
          + "\(statistics.scanlinesFlushed) changed scanlines, \(statistics.bytesCopied) bytes")
    }
    let unclaimed = machine.unclaimedAccesses
    if unclaimed.total > 0 {
      StandardError.say(
        "unclaimed: ports \(unclaimed.portReads) reads, \(unclaimed.portWrites) writes; "
          + "memory \(unclaimed.memoryReads) reads, \(unclaimed.memoryWrites) writes")
    }
  }

  private func end(_ ending: Ending, failure: VMMError?) -> Never {
    switch ending.processEnd {
    case .signal(let number):
      signal(number, SIG_DFL)
      raise(number)
      // Reached only if nothing happens by default at that signal.
      exit(128 + number)
    case .status(let status):
      // The guest ran, but what the user asked for is not there.
      exit(failure.map(ExitStatus.of) ?? status)
    }
  }
}

/// Has the display polled, for its statistics alone.
private struct IgnoringSink: FrameSink {
  mutating func present(_ frame: borrowing Frame, damage: borrowing Damage) {}
}

extension Ending {
  /// Whether a guest that works may end like this.
  fileprivate var isExpected: Bool {
    switch self {
    case .debugExit, .exited, .halted(interruptsEnabled: false), .poweredOff, .reset, .quit: true
    default: false
    }
  }
}
