import ArgumentParser
import Devices
import SystemPackage
import VMM

/// A megabyte over COM1: collected by KVM beside one exit a byte.
struct SerialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serial", abstract: "1 MB by `rep outsb`, coalesced and one exit a byte.")

  @OptionGroup var options: FigureOptions

  private static let byteCount = 1_000_000

  func run() throws {
    let samples = try interleave(
      rounds: options.runs ?? 3,
      [{ try Self.send(coalesced: false) }, { try Self.send(coalesced: true) }])
    try options.report([
      Figure(
        title: "Serial output: \(Self.byteCount) bytes by rep outsb", unit: "us a byte", digits: 3,
        rows: [
          Row(label: "one exit a byte", samples: samples[0]),
          Row(
            label: "coalesced", samples: samples[1], ratio: samples[1].ratio(to: samples[0]),
            target: .ratio(0.2)),
        ])
    ])
  }

  /// Microseconds a byte, from the machine's start to its end.
  private static func send(coalesced: Bool) throws -> Double {
    let null = try FileDescriptor.open(FilePath("/dev/null"), .writeOnly, options: .closeOnExec)
    return try null.closeAfter {
      var configuration = MachineConfiguration()
      configuration.serialOutput = null
      configuration.framebuffer = nil
      configuration.coalescesSerialOutput = coalesced
      let machine = try Machine(configuration, image: guest())
      let seconds = try duration {
        try machine.start()
        guard case .halted = machine.wait() else {
          throw BenchmarkError("the guest of the serial figure did not halt")
        }
      }
      guard machine.serial.bytesTransmitted == byteCount else {
        throw BenchmarkError("the serial port has lost bytes")
      }
      if coalesced, machine.statistics.serial.coalescedWrites == 0 {
        throw BenchmarkError("this host's KVM has no KVM_CAP_COALESCED_PIO")
      }
      return seconds * 1e6 / Double(byteCount)
    }
  }

  /// Sends what lies behind it, whatever that is, and halts.
  private static func guest() throws -> FlatImage {
    var code: [UInt8] = [0x48, 0x8D, 0x35, 0, 0, 0, 0]  // lea 0(%rip), %rsi
    code += [0xB9] + (0..<4).map { UInt8(truncatingIfNeeded: byteCount >> ($0 * 8)) }  // mov ecx
    code += [
      0x66, 0xBA, 0xF8, 0x03,  // mov $0x3F8, %dx
      0xFC,  // cld
      0xF3, 0x6E,  // rep outsb
      0xFA, 0xF4,  // cli; hlt
    ]
    return try FlatImage(ImageFile(name: "rep-outsb", bytes: code), mode: .long)
  }
}
