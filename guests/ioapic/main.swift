// Tests the I/O APIC from inside: COM1's interrupt as edge and as level, masked and not; the PIT's pin.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  var checks = Checks()
  PIC.initialize()  // all masked: what comes comes through the I/O APIC
  LocalAPIC.enable()
  checks.check("the I/O APIC has 24 pins", IOAPIC.pinCount, is: 24)
  checkTable(&checks)
  checkEdge(&checks)
  checkMask(&checks)
  checkLevel(&checks)
  checkPIT(&checks)
  checks.finish()
}

private let serialPin: UInt32 = 4
private let edgeVector: UInt8 = 0x44
private let levelVector: UInt8 = 0x54

/// COM1 requests an interrupt when its transmitter is empty and that interrupt is enabled. Reading
/// the identification takes the request back. While it is enabled nothing may be printed, because
/// that makes requests, too.
private enum SerialInterrupt {
  static func request() { portWrite8(0x3F9, 0x02) }
  static func withdraw() { _ = portRead8(0x3FA) }
  static func prepare() {
    portWrite8(0x3F9, 0)
    portWrite8(0x3FC, 0x0B)  // OUT2 connects the line
  }
  /// An edge: down, then up.
  static func pulse() {
    prepare()
    request()
  }
}

private func checkTable(_ checks: inout Checks) {
  IOAPIC.route(serialPin, IOAPIC.Entry(rawValue: IOAPIC.Entry.masked | 0x77))
  checks.check(
    "a redirection entry reads as written", IOAPIC.entry(serialPin).rawValue,
    is: IOAPIC.Entry.masked | 0x77)
}

private func checkEdge(_ checks: inout Checks) {
  Interrupts.install(edgeVector, end: .localAPIC)
  SerialInterrupt.prepare()
  IOAPIC.route(serialPin, .edge(edgeVector))
  Interrupts.enable()
  SerialInterrupt.request()
  let came = eventually { Interrupts.count(edgeVector) > 0 }
  wait(megacycles: 20)
  let whileUp = Interrupts.count(edgeVector)
  for count in UInt32(2)...5 {
    SerialInterrupt.pulse()
    guard eventually({ Interrupts.count(edgeVector) >= count }) else { break }
  }
  SerialInterrupt.prepare()
  checks.check("edge: an interrupt", came)
  checks.check("edge: one, though the line stays up", whileUp, is: 1)
  checks.check("edge: one for each edge", Interrupts.count(edgeVector), is: 5)
}

private func checkMask(_ checks: inout Checks) {
  IOAPIC.mask(serialPin)
  let isMasked = IOAPIC.entry(serialPin).isMasked
  SerialInterrupt.pulse()
  wait(megacycles: 20)
  let whileMasked = Interrupts.count(edgeVector)
  SerialInterrupt.prepare()
  IOAPIC.unmask(serialPin)
  SerialInterrupt.request()
  let cameAgain = eventually { Interrupts.count(edgeVector) > whileMasked }
  SerialInterrupt.prepare()
  IOAPIC.mask(serialPin)
  Interrupts.disable()
  checks.check("masked: the entry says so", isMasked)
  checks.check("masked: nothing", whileMasked, is: 5)
  checks.check("unmasked: again", cameAgain)
}

/// With interrupts off but one at a time: a level that nobody takes back interrupts without end.
private func checkLevel(_ checks: inout Checks) {
  Interrupts.install(levelVector, end: .localAPIC)
  SerialInterrupt.request()
  IOAPIC.route(serialPin, .level(levelVector))
  Interrupts.wait(for: levelVector, count: 5)
  SerialInterrupt.withdraw()
  Interrupts.enable()
  wait(megacycles: 10)  // for one that is on its way
  let last = Interrupts.count(levelVector)
  wait(megacycles: 20)
  let whileDown = Interrupts.count(levelVector) - last
  let entry = IOAPIC.entry(serialPin).rawValue
  IOAPIC.mask(serialPin)
  SerialInterrupt.prepare()
  Interrupts.disable()
  checks.pass("level: again after each end, while the line is up")
  checks.check("level: no more when the line is down", whileDown, is: 0)
  checks.check("level: the remote IRR is clear", entry & IOAPIC.Entry.remoteIRR, is: 0)
}

/// The PIT is on pin 0, or on pin 2 as a PC's tables say; never on both.
private func checkPIT(_ checks: inout Checks) {
  Interrupts.install(0x60, end: .localAPIC)
  Interrupts.install(0x62, end: .localAPIC)
  IOAPIC.route(0, .edge(0x60))
  IOAPIC.route(2, .edge(0x62))
  PIT.startRateGenerator(reload: 11_932)
  Interrupts.enable()
  checks.check(
    "PIT: interrupts",
    eventually { Interrupts.count(0x60) + Interrupts.count(0x62) >= 3 })
  checks.check(
    "PIT: on one pin", (Interrupts.count(0x60) == 0) != (Interrupts.count(0x62) == 0))
  Serial.print(Interrupts.count(0x62) == 0 ? "PIT is on pin 0\n" : "PIT is on pin 2\n")
  Interrupts.disable()
}
