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
  /// nil where input goes to the serial port.
  private var keys: TerminalKeys?
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
  ///   - typesInput: Whether input goes to the keyboard, and not to the serial port.
  ///   - timeout: In nanoseconds from now on; nil for none.
  init(
    _ machine: Machine, signals: SignalQueue, screenshot: LiveScreenshot, typesInput: Bool = false,
    timeout: UInt64?
  ) {
    self.machine = machine
    self.signals = signals
    self.screenshot = screenshot
    keys = typesInput ? TerminalKeys() : nil
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
    let hasSpace = inputSpace >= leastSpace
    let wantsInput = inputIsOpen && hasSpace && mayReadInput
    var set = PollSet()
    let stop = set.add(machine.stopEvent.descriptor)
    let signal = set.add(signals.descriptor)
    let pending = set.add(machine.serialOutput.pending.descriptor)
    let low = set.add(machine.inputLow.descriptor)
    let input = set.add(wantsInput ? .standardInput : nil)
    // Nothing tells that a guest has taken the keys that were typed.
    let looks = !mayReadInput || keys != nil && inputIsOpen && !hasSpace
    let ready = set.wait(until: looks ? nextLook : nextDeadline)

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

  /// How many bytes of input the guest's side takes now.
  private var inputSpace: Int {
    // No byte is more than two keys, which are pressed and released.
    keys == nil ? machine.serial.inputSpace : machine.keyboard.typingSpace / 4
  }

  /// Half the serial port's queue: its `inputLow` is raised when that much is free again.
  private var leastSpace: Int { keys == nil ? Self.chunk / 2 : Self.chunk / 8 }

  private mutating func readInput() {
    var buffer = [UInt8](repeating: 0, count: min(Self.chunk, inputSpace))
    let count = unsafe buffer.withUnsafeMutableBytes { buffer in
      (try? unsafe FileDescriptor.standardInput.read(into: buffer)) ?? 0
    }
    guard count > 0 else {
      inputIsOpen = false
      if keys == nil { machine.serial.endInput() }
      return
    }
    machine.noteInput()
    // There is space for it: no more was read than that, and only this thread adds.
    if usesEscapes {
      filterInput(buffer.prefix(count))
    } else {
      send(buffer.prefix(count))
    }
  }

  /// Hands the guest what it has space for.
  private mutating func send(_ bytes: ArraySlice<UInt8>) {
    guard keys != nil else {
      machine.serial.enqueue(bytes.span)
      return
    }
    keys?.translate(bytes) { [machine] in machine.keyboard.type($0) }
  }

  private mutating func filterInput(_ bytes: ArraySlice<UInt8>) {
    var parts: [(bytes: [UInt8], command: EscapeFilter.Command?)] = [([], nil)]
    escapes.filter(bytes) { byte in
      parts[parts.count - 1].bytes.append(byte)
    } obey: { command in
      parts[parts.count - 1].command = command
      parts.append(([], nil))
    }
    // What was typed before a command comes before its effect.
    for part in parts {
      send(part.bytes[...])
      if let command = part.command { obey(command) }
    }
  }

  private func obey(_ command: EscapeFilter.Command) {
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
}
