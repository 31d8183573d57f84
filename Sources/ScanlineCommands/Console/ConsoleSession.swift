import Devices
import Glibc
import SystemPackage
import VMM

/// Runs a machine in the user's terminal: keys to the guest, signals to an orderly end, the time
/// limit, and the terminal as it was before.
///
/// One thread, the main one, waits for all of it in `poll(2)`, so nothing here can race.
struct ConsoleSession: ~Copyable {
  private let machine: Machine
  private let signals: SignalQueue
  private let screenshot: LiveScreenshot
  private let deadline: UInt64?
  private let usesEscapes = Terminal.isStandardInput
  private var escapes = EscapeFilter()
  private var inputIsOpen = true
  /// When what the guest sent without a newline is due; nil if nothing waits.
  private var flushDeadline: UInt64?

  /// How long such output may linger.
  private static let flushDelay: UInt64 = 16_000_000
  private static let chunk = 4096
  /// How long a job that was brought to the foreground takes to notice.
  private static let lookInterval: UInt64 = 200_000_000

  /// - Parameters:
  ///   - signals: Made before the machine's threads.
  ///   - screenshot: What a signal or a key asks for.
  ///   - timeout: In nanoseconds from now on; nil for none.
  init(
    _ machine: Machine, signals: SignalQueue, screenshot: LiveScreenshot, timeout: UInt64?
  ) {
    self.machine = machine
    self.signals = signals
    self.screenshot = screenshot
    deadline = timeout.map { monotonicNanoseconds() &+ $0 }
  }

  /// Runs the machine until it has stopped. The terminal is as before when this returns; the end of
  /// the guest's output may still wait in the machine's `serialOutput`.
  mutating func run() throws(VMMError) -> Ending {
    Terminal.restoreOnCrash()
    Terminal.makeRaw()
    defer { Terminal.restore() }
    try machine.start()
    while !waitForEvents() {}
    return machine.wait()
  }

  /// Waits for the next event and handles it. True once the machine is stopping.
  private mutating func waitForEvents() -> Bool {
    let mayReadInput = takeTerminal()
    // Half a queue at a time: `inputLow` is raised when that much is free again.
    let wantsInput = inputIsOpen && machine.serial.inputSpace >= Self.chunk / 2 && mayReadInput
    var set = PollSet()
    let stop = set.add(machine.stopEvent.descriptor)
    let signal = set.add(signals.descriptor)
    let pending = set.add(machine.serialOutput.pending.descriptor)
    let low = set.add(machine.inputLow.descriptor)
    let input = set.add(wantsInput ? .standardInput : nil)
    let ready = set.wait(until: mayReadInput ? nextDeadline : nextLook)

    if ready.contains(stop) { return true }
    if ready.contains(signal) { handleSignals() }
    if ready.contains(pending) {
      machine.serialOutput.pending.clear()
      flushDeadline = flushDeadline ?? monotonicNanoseconds() + Self.flushDelay
    }
    if ready.contains(low) { machine.inputLow.clear() }
    if ready.contains(input) { readInput() }
    handleDeadlines()
    return false
  }

  private var nextDeadline: UInt64? {
    guard let flushDeadline, let deadline else { return flushDeadline ?? deadline }
    return min(flushDeadline, deadline)
  }

  private mutating func handleDeadlines() {
    guard let next = nextDeadline, monotonicNanoseconds() >= next else { return }
    let now = monotonicNanoseconds()
    if let deadline, now >= deadline { machine.stop(.timeout) }
    if let due = flushDeadline, now >= due {
      flushDeadline = machine.serialOutput.flush() ? nil : now + Self.flushDelay
    }
  }

  private func handleSignals() {
    while let signal = signals.next() {
      switch signal {
      case SIGTSTP:
        Terminal.restore()
        // SIGTSTP itself is blocked here; this one cannot be.
        raise(SIGSTOP)
        Terminal.makeRaw()
      case SIGCONT:
        Terminal.makeRaw()
      case SignalQueue.screenshot:
        // Success needs no word: a script finds the file, and a terminal shows the guest.
        if case .failure(let error) = screenshot.write(machine) {
          StandardError.say(error.description)
        }
      default:
        machine.stop(.signal(signal))
      }
    }
  }

  /// Makes the terminal raw as soon as it is ours. False while it is not: a background job that
  /// reads the terminal would be stopped, and its guest with it.
  private func takeTerminal() -> Bool {
    guard usesEscapes else { return true }
    guard Terminal.isInForeground else { return false }
    if unsafe !Terminal.isRaw { Terminal.makeRaw() }
    return true
  }

  /// When to look again whether the terminal is ours: nothing tells a running job of it.
  private var nextLook: UInt64 {
    let look = monotonicNanoseconds() + Self.lookInterval
    return nextDeadline.map { min($0, look) } ?? look
  }

  private mutating func readInput() {
    var buffer = [UInt8](repeating: 0, count: min(Self.chunk, machine.serial.inputSpace))
    let count = unsafe buffer.withUnsafeMutableBytes { buffer in
      (try? unsafe FileDescriptor.standardInput.read(into: buffer)) ?? 0
    }
    guard count > 0 else {
      inputIsOpen = false
      machine.serial.endInput()
      return
    }
    machine.noteInput()
    // There is space for it: no more was read than that, and only this thread adds.
    if usesEscapes {
      filterInput(buffer.prefix(count))
    } else {
      machine.serial.enqueue(buffer.span.extracting(first: count))
    }
  }

  private mutating func filterInput(_ bytes: ArraySlice<UInt8>) {
    var forGuest: [UInt8] = []
    let (machine, screenshot) = (machine, screenshot)
    escapes.filter(bytes) {
      forGuest.append($0)
    } obey: { command in
      // What was typed before a command comes before its effect.
      machine.serial.enqueue(forGuest.span)
      forGuest.removeAll()
      switch command {
      case .quit: machine.stop(.quit)
      case .sendBreak: machine.serial.sendBreak()
      case .screenshot:
        switch screenshot.write(machine) {
        case .success(let message): StandardError.write("\nscanline: \(message)\n")
        case .failure(let error): StandardError.write("\nscanline: \(error)\n")
        }
      case .help:
        StandardError.write("\n\(EscapeFilter.help)\n")
      }
    }
    machine.serial.enqueue(forGuest.span)
  }
}
