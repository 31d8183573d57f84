// Tests the keyboard controller's second port and a PS/2 mouse with a wheel from inside. With `input`
// on the command line it then prints what the mouse reports.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  var checks = Checks()
  PIC.initialize()
  checkController(&checks)
  checkMouse(&checks)
  if machine.commandLine.contains("input") { readInput(&checks) }
  checks.finish()
}

private func checkController(_ checks: inout Checks) {
  PS2Controller.send(command: 0xAD)
  PS2Controller.send(command: 0xA7)
  PS2Controller.flush()
  PS2Controller.setCommandByte(PS2Controller.keyboardDisabled | PS2Controller.mouseDisabled)
  PS2Controller.send(command: 0xA9)
  checks.check("controller: the mouse's lines are good", PS2Controller.read(), is: 0x00)
  PS2Controller.send(command: 0xA8)
  checks.check(
    "controller: a command enables the mouse", PS2Controller.commandByte,
    is: PS2Controller.keyboardDisabled)
  PS2Controller.send(command: 0xD3)
  PS2Controller.send(data: 0x5A)
  let isMarked = eventually { PS2Controller.status & PS2Controller.fromMouse != 0 }
  checks.check("controller: a byte put in the mouse's place", PS2Controller.read(), is: 0x5A)
  checks.check("controller: is marked as the mouse's", isMarked)
}

private func checkMouse(_ checks: inout Checks) {
  checks.check("mouse: reset", PS2Controller.takes([0xFF], .mouse))
  checks.check("mouse: its self-test passes", PS2Controller.read(), is: 0xAA)
  checks.check("mouse: its id follows", PS2Controller.read(), is: 0x00)
  checks.check("mouse: identify", PS2Controller.takes([0xF2], .mouse))
  checks.check("mouse: no wheel at first", PS2Controller.read(), is: 0x00)
  checks.check(
    "mouse: the knock that asks for one",
    PS2Controller.takes([0xF3, 200, 0xF3, 100, 0xF3, 80], .mouse))
  checks.check("mouse: identify again", PS2Controller.takes([0xF2], .mouse))
  checks.check("mouse: a wheel", PS2Controller.read(), is: 0x03)
  checks.check("mouse: resolution", PS2Controller.takes([0xE8, 0x03], .mouse))
  checks.check("mouse: scaling 1:1", PS2Controller.takes([0xE6], .mouse))
  checks.check("mouse: status", PS2Controller.takes([0xE9], .mouse))
  checks.check("mouse: stream mode, not reporting", PS2Controller.read(), is: 0x00)
  checks.check("mouse: the resolution", PS2Controller.read(), is: 0x03)
  checks.check("mouse: the sample rate", PS2Controller.read(), is: 80)
  checks.check("mouse: enable", PS2Controller.takes([0xF4], .mouse))
}

// MARK: Input

/// Prints reports until one tells of all three buttons.
private func readInput(_ checks: inout Checks) {
  PIC.unmask(12)
  PS2Controller.setCommandByte(PS2Controller.mouseInterrupt | PS2Controller.keyboardDisabled)
  Serial.print("ready\n")
  var report = Report()
  var areTheMouses = true
  while true {
    Interrupts.wait()
    let status = PS2Controller.status
    guard status & PS2Controller.outputFull != 0 else { continue }
    if status & PS2Controller.fromMouse == 0 { areTheMouses = false }
    guard let byte = PS2Controller.pendingByte else { continue }
    report.append(byte)
    guard report.isComplete else { continue }
    report.print()
    if report.buttons == 7 { break }
    report = Report()
  }
  checks.check("input: every byte is marked as the mouse's", areTheMouses)
}

/// The four bytes of a mouse with a wheel.
private struct Report {
  private var bytes = InlineArray<4, UInt8>(repeating: 0)
  private var count = 0

  var isComplete: Bool { count == 4 }
  var buttons: UInt8 { bytes[0] & 0x07 }

  mutating func append(_ byte: UInt8) {
    // The first byte has bit 3 set: what has not is out of step.
    if count == 0, byte & 0x08 == 0 { return }
    bytes[count] = byte
    count += 1
  }

  /// `dx 5 dy -3 wheel 1 buttons 2`
  func print() {
    Self.print("dx ", Int(bytes[1]) - (bytes[0] & 0x10 != 0 ? 256 : 0))
    Self.print(" dy ", Int(bytes[2]) - (bytes[0] & 0x20 != 0 ? 256 : 0))
    Self.print(" wheel ", Int(Int8(bitPattern: bytes[3])))
    Self.print(" buttons ", Int(buttons))
    Serial.print("\n")
  }

  private static func print(_ name: StaticString, _ value: Int) {
    Serial.print(name)
    if value < 0 { Serial.print("-") }
    Serial.print(value.magnitude)
  }
}
