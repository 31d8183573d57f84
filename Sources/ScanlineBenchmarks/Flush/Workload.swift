import ArgumentParser
import Display
import KVM
import VMM

/// What the guest `workload` draws.
enum Workload: String, CaseIterable, ExpressibleByArgument {
  case idle, blink, line, scroll, sprite, random, half, full

  static let names = allCases.map(\.rawValue).joined(separator: ", ")

  /// Frames a second; 0 for as fast as the guest can.
  private var rate: Int {
    switch self {
    case .idle: 1
    case .blink: 2
    case .line: 10
    case .scroll: 20
    case .sprite, .random: 60
    case .half, .full: 0
    }
  }

  /// Whether it draws as fast as the guest can.
  var isNonstop: Bool { rate == 0 }

  /// Ticks in a measured slice. The speed of a guest that never waits is what others leave it of the
  /// host, which takes longer to even out.
  var ticks: Int { isNonstop ? 48 : 24 }

  /// In how many rounds it is measured, in relation to the others.
  var roundFactor: Int { isNonstop ? 2 : 1 }

  /// Whether it changes a small part of the screen in a frame.
  var isSparse: Bool {
    switch self {
    case .blink, .line, .sprite, .random: true
    case .idle, .scroll, .half, .full: false
    }
  }

  var label: String {
    switch self {
    case .idle: "idle"
    case .blink: "cursor blink"
    case .line: "line of text"
    case .scroll: "scrolling text"
    case .sprite: "moving sprite"
    case .random: "10 % of lines"
    case .half: "half, nonstop"
    case .full: "full, nonstop"
    }
  }

  func commandLine(megahertz: Int) -> String { "\(rawValue) rate=\(rate) mhz=\(megahertz)" }
}

/// The machines that draw: the same guest on the same screen, for every way to flush it.
struct WorkloadMachines {
  /// Where the guest counts its work and takes a step, as its README says.
  static let progress: GuestAddress = 0x800
  static let step: GuestAddress = 0x804

  let image: FlatImage
  /// Of the guest's time-stamp counter.
  let megahertz: Int

  /// - Parameter log: What finds the written pages; nil for none, at the guest's full speed.
  func make(
    _ commandLine: String, mode: FramebufferMode, log: DirtyLogInterface?,
    sinks: [any FrameSink & Sendable] = []
  ) throws -> Machine {
    var configuration = MachineConfiguration()
    configuration.framebuffer = mode
    configuration.commandLine = commandLine
    configuration.dirtyLog = log
    configuration.isVideoMemoryLogged = log != nil
    configuration.sinks = sinks
    let machine = try Machine(configuration, image: image)
    // As the flusher's thread does it; here there may be none.
    machine.videoSource?.memory.adviseHugePages()
    return machine
  }

  static func progress(of machine: Machine) -> UInt32 {
    let bytes = machine.readMemory(4, at: progress) ?? []
    return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
