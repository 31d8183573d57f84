import Devices
import Display
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VMM

/// A machine, and what its guest has sent.
final class TestMachine: Sendable {
  let machine: Machine
  private let output: OutputFile

  convenience init(
    _ image: FlatImage, configure: (inout MachineConfiguration) -> Void = { _ in }
  ) throws {
    try self.init(booting: .flat(image), configure: configure)
  }

  init(
    booting image: BootImage, configure: (inout MachineConfiguration) -> Void = { _ in }
  ) throws {
    output = try OutputFile()
    var configuration = MachineConfiguration()
    configuration.memorySize = 16 << 20
    configuration.serialOutput = output.descriptor
    configure(&configuration)
    machine = try Machine(configuration, booting: image)
  }

  /// Starts the machine and waits for its end.
  @discardableResult
  func run() throws -> Ending {
    try machine.start()
    return end()
  }

  /// Waits for the machine's end.
  @discardableResult
  func end() -> Ending {
    let ending = machine.wait()
    machine.serialOutput.finish()
    return ending
  }

  /// What the guest has sent; all of it after ``end()``.
  func text() throws -> String { String(decoding: try output.bytes(), as: UTF8.self) }

  /// Waits until the guest has sent `text`, and fails if the machine stops before.
  func waitForText(_ text: String) throws {
    try eventually {
      if try self.text().contains(text) { return true }
      let pending = machine.serialOutput.pending
      let woken = wait(
        for: POLLIN, on: pending.descriptor, or: machine.stopEvent, timeout: 10
      ).woken
      pending.clear()
      _ = machine.serialOutput.flush()
      if woken {
        machine.serialOutput.finish()
        try #require(try self.text().contains(text), "stopped before it sent \(text)")
      }
      return false
    }
  }

  /// Sends the guest as many of `bytes` at a time as it takes, until it has them all.
  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while true {
      machine.inputLow.clear()
      let taken = machine.serial.enqueue(rest.span)
      rest = rest.dropFirst(taken)
      if rest.isEmpty { return }
      let stopped = wait(
        for: POLLIN, on: machine.inputLow.descriptor, or: machine.stopEvent
      ).woken
      try #require(!stopped, "stopped with \(rest.count) bytes left to send")
    }
  }

  /// The pixels of the frame, in the guest's format, line after line.
  func pixels() -> [UInt8] {
    machine.withFrame { frame in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(frame.height * frame.rowBytes)
      for line in 0..<frame.height {
        frame.withRow(line) { row in
          unsafe row.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
      }
      return bytes
    }
  }
}

extension BootImage {
  /// A guest of `guests/`, taken for what it is.
  static func guest(_ name: String) throws -> BootImage {
    try BootImage(ImageFile(path: FilePath(try GuestImages.path(name))))
  }
}

extension FlatImage {
  /// A guest of `guests/`.
  static func guest(
    _ name: String, mode: CPUMode? = nil, loadAddress: GuestAddress? = nil
  ) throws -> FlatImage {
    try FlatImage(
      ImageFile(path: FilePath(try GuestImages.path(name))), mode: mode, loadAddress: loadAddress)
  }

  /// A guest made of `bytes`.
  static func code(
    _ bytes: [UInt8], mode: CPUMode = .long, loadAddress: GuestAddress? = nil,
    entry: GuestAddress? = nil
  ) throws -> FlatImage {
    try FlatImage(
      ImageFile(name: "code", bytes: bytes), mode: mode, loadAddress: loadAddress, entry: entry)
  }
}

extension Ending {
  /// A short form that tests compare.
  var label: String {
    switch self {
    case .debugExit(let value): "debug exit \(value)"
    case .halted(let interruptsEnabled): interruptsEnabled ? "halted, IF=1" : "halted"
    case .exited(let code): "exited with \(code)"
    case .poweredOff: "powered off"
    case .guestPanicked: "panicked"
    case .crash(let report):
      switch report.cause {
      case .tripleFault: "triple fault"
      case .emulationFailure: "emulation failure"
      default: "crash: \(report.summary)"
      }
    case .reset(let cause): "reset by \(cause)"
    case .timeout: "timeout"
    case .quit: "quit"
    case .signal(let number): "signal \(number)"
    case .outputClosed: "output closed"
    case .failure(let error): "failure: \(error)"
    }
  }

  var crash: CrashReport? {
    if case .crash(let report) = self { report } else { nil }
  }
}
