import Devices

/// The devices by which a guest talks to whoever tests or debugs it, and ends itself: consoles, POST
/// codes, exit, power-off, panic.
struct DebugPorts {
  typealias Claim = (ports: [ClosedRange<UInt16>], device: any PortIODevice)

  let postCodes = POSTCodePort()
  let panic: PVPanic
  /// All devices with their ports; the exit is the last one, if there is one.
  private(set) var claims: [Claim]

  /// - Parameters:
  ///   - exitPorts: Where `isa-debug-exit` is to be; nil for none.
  ///   - others: The rest of the machine, whose ports the exit must leave alone.
  ///   - reserved: Further ports that it must leave alone.
  ///   - output: Takes what the consoles print.
  ///   - control: Learns how the guest ends.
  init(
    exitPorts: ClosedRange<UInt16>?, beside others: [Claim], reserved: [ClosedRange<UInt16>] = [],
    output: any ByteSink,
    control: RunControl
  ) throws(VMMError) {
    panic = PVPanic { control.stop(.guestPanicked) }
    // Bochs and QEMU have the console at 0xE9, SeaBIOS and OVMF print at 0x402.
    let consoles = [UInt16(0xE9), 0x402].map { DebugConsole(port: $0, output: output) }
    claims = consoles.map { ([$0.ports], $0) }
    claims += [
      ([POSTCodePort.ports], postCodes), ([PVPanic.ports], panic),
      (PowerOffPorts.ports, PowerOffPorts { control.stop(.poweredOff) }),
    ]
    guard let exitPorts else { return }
    let taken = ((others + claims).flatMap(\.ports) + reserved).first { $0.overlaps(exitPorts) }
    if let taken {
      throw VMMError(
        .usage,
        "debug exit at ports \(exitPorts.hexadecimal): the machine has another device at "
          + "\(taken.hexadecimal); choose other ports with --debug-exit")
    }
    claims.append(
      ([exitPorts], ISADebugExit(ports: exitPorts) { control.stop(.debugExit(value: $0)) }))
  }
}

extension ClosedRange<UInt16> {
  fileprivate var hexadecimal: String {
    "\(lowerBound.hexadecimal) to \(upperBound.hexadecimal)"
  }
}
