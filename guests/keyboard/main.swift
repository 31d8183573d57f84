// Tests the keyboard controller and a PS/2 keyboard from inside. With `input` on the command line it
// then prints the scan codes of what is typed.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  var checks = Checks()
  PIC.initialize()
  checkController(&checks)
  checkKeyboard(&checks)
  if machine.commandLine.contains("input") { readInput(&checks) }
  checks.finish()
}

private func checkController(_ checks: inout Checks) {
  PS2Controller.send(command: 0xAD)
  PS2Controller.flush()
  PS2Controller.send(command: 0xAA)
  checks.check("controller: the self-test passes", PS2Controller.read(), is: 0x55)
  PS2Controller.send(command: 0xAB)
  checks.check("controller: the keyboard's lines are good", PS2Controller.read(), is: 0x00)
  let disabled = PS2Controller.keyboardDisabled | PS2Controller.mouseDisabled
  PS2Controller.setCommandByte(disabled)
  checks.check(
    "controller: the command byte reads as written", PS2Controller.commandByte, is: disabled)
  PS2Controller.send(command: 0xAE)
  checks.check(
    "controller: a command enables the keyboard", PS2Controller.commandByte,
    is: PS2Controller.mouseDisabled)
}

private func checkKeyboard(_ checks: inout Checks) {
  checks.check("keyboard: echo", PS2Controller.request(0xEE, of: .keyboard), is: 0xEE)
  checks.check("keyboard: reset", PS2Controller.takes([0xFF], .keyboard))
  checks.check("keyboard: its self-test passes", PS2Controller.read(), is: 0xAA)
  checks.check("keyboard: disable", PS2Controller.takes([0xF5], .keyboard))
  checks.check("keyboard: identify", PS2Controller.takes([0xF2], .keyboard))
  checks.check("keyboard: the first half of its id", PS2Controller.read(), is: 0xAB)
  checks.check("keyboard: the second", PS2Controller.read(), is: 0x83)
  checks.check("keyboard: LEDs", PS2Controller.takes([0xED, 0x07], .keyboard))
  checks.check("keyboard: repeat rate and delay", PS2Controller.takes([0xF3, 0x00], .keyboard))
  for set: UInt8 in 1...2 {
    checks.check("keyboard: choose a scan code set", PS2Controller.takes([0xF0, set], .keyboard))
    checks.check("keyboard: ask for it", PS2Controller.takes([0xF0, 0x00], .keyboard))
    checks.check("keyboard: it is the one", PS2Controller.read(), is: set)
  }
  checks.check("keyboard: resend", PS2Controller.request(0xFE, of: .keyboard), is: 0x02)
  checks.check(
    "keyboard: an unknown command is sent back", PS2Controller.request(0xE0, of: .keyboard),
    is: 0xFE)
  checks.check("keyboard: defaults", PS2Controller.takes([0xF6], .keyboard))
  checks.check("keyboard: enable", PS2Controller.takes([0xF4], .keyboard))
}

// MARK: Input

private func readInput(_ checks: inout Checks) {
  PIC.unmask(1)
  PS2Controller.setCommandByte(PS2Controller.keyboardInterrupt)
  let untranslated = printScanCodes("set 2", until: [0xF0, 0x76])
  PS2Controller.setCommandByte(PS2Controller.keyboardInterrupt | PS2Controller.translation)
  let translated = printScanCodes("translated", until: [0x01, 0x81])
  checks.check(
    "input: an interrupt for every byte", Interrupts.count(PIC.vector(1)),
    is: untranslated + translated)
}

/// Prints bytes as interrupts announce them, up to the two that end with Esc's release. Returns how
/// many they were.
private func printScanCodes(_ kind: StaticString, until end: InlineArray<2, UInt8>) -> UInt32 {
  Serial.print("ready: ")
  Serial.print(kind)
  Serial.print("\n")
  var previous: UInt8 = 0
  var count: UInt32 = 0
  while true {
    Interrupts.wait()
    guard let byte = PS2Controller.pendingByte else { continue }
    count += 1
    Serial.print(hex: byte, digits: 2)
    let isEnd = previous == end[0] && byte == end[1]
    Serial.print(isEnd ? "\n" : " ")
    if isEnd { return count }
    previous = byte
  }
}
