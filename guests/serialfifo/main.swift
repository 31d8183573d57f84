// Tests COM1, a 16550A, from inside: FIFOs, trigger levels, loopback, and every source of interrupts.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  var checks = Checks()
  PIC.initialize()
  checkRegisters(&checks)
  checkLoopback(&checks)
  for code: UInt8 in 0..<4 { checkTrigger(&checks, code) }
  checkOverrun(&checks)
  checkInterrupts(&checks)
  UART.reset()
  checks.finish()
}

private let pattern: UInt8 = 0x5A

private func checkRegisters(_ checks: inout Checks) {
  UART.reset()
  UART[.scratch] = pattern
  let scratch = UART[.scratch]
  UART[.fifoControl] = UART.fifosOn
  let withFIFOs = UART[.identification]
  UART[.fifoControl] = 0
  let withoutFIFOs = UART[.identification]
  UART[.lineControl] = 0x83
  UART[.data] = 0x01
  UART[.interruptEnable] = 0x02
  let divisor = UInt16(UART[.interruptEnable]) << 8 | UInt16(UART[.data])
  UART[.lineControl] = 0x03
  let interruptEnable = UART[.interruptEnable]
  UART.reset()
  checks.check("scratch register", scratch, is: pattern)
  checks.check("identification with FIFOs", withFIFOs, is: 0xC1)
  checks.check("identification without", withoutFIFOs, is: 0x01)
  checks.check("divisor latch", divisor, is: 0x0201)
  checks.check("interrupt enable behind the latch", interruptEnable, is: 0)
}

private func checkLoopback(_ checks: inout Checks) {
  UART.enterLoopback()
  // Each modem output comes back at an input: DTR at DSR, RTS at CTS, OUT1 at RI, OUT2 at DCD.
  let pairs: InlineArray<4, (UInt8, UInt8)> = [
    (0x01, 0x20), (0x02, 0x10), (0x04, 0x40), (0x08, 0x80),
  ]
  var areConnected = true
  for index in pairs.indices {
    UART[.modemControl] = UART.loopback | pairs[index].0
    if UART[.modemStatus] & 0xF0 != pairs[index].1 { areConnected = false }
  }
  UART[.modemControl] = UART.loopback
  _ = UART[.modemStatus]
  UART[.modemControl] = UART.loopback | 0x01
  let deltas = UART[.modemStatus]
  let deltasAfterwards = UART[.modemStatus]

  var isWhole = true
  for byte in UInt8.min ... .max {
    UART[.data] = byte
    if !eventually({ UART[.lineStatus] & UART.dataReady != 0 }) || UART[.data] != byte {
      isWhole = false
      break
    }
  }
  UART.reset()
  checks.check("loopback: modem lines", areConnected)
  checks.check("loopback: a modem line's change", deltas, is: 0x22)
  checks.check("loopback: is told once", deltasAfterwards, is: 0x20)
  checks.check("loopback: every byte", isWhole)
}

/// Fills the receiver to just below the trigger level, to it, and empties it.
private func checkTrigger(_ checks: inout Checks, _ code: UInt8) {
  let levels: InlineArray<4, Int> = [1, 4, 8, 14]
  let level = levels[Int(code)]
  UART.enterLoopback()
  UART[.fifoControl] = UART.fifosOn | code << 6
  UART[.interruptEnable] = 0x01
  var isEarly = false
  for byte in 0..<level {
    if UART[.identification] & 0x0F == UART.receivedData { isEarly = true }
    UART[.data] = UInt8(byte)
  }
  let reached = eventually { UART[.identification] == 0xC0 | UART.receivedData }
  var isInOrder = UART[.data] == 0
  let below = UART[.identification] & 0x0F
  for byte in 1..<level where UART[.data] != UInt8(byte) { isInOrder = false }
  let empty = UART[.identification]
  let leftOver = UART[.lineStatus] & UART.dataReady
  UART.reset()
  Serial.print("trigger level ")
  Serial.print(level)
  Serial.print("\n")
  checks.check("  not before it", !isEarly)
  checks.check("  at it", reached)
  checks.check("  not below it again", below != UART.receivedData)
  checks.check("  bytes in order", isInOrder)
  checks.check("  nothing left", empty == 0xC1 && leftOver == 0)
}

private func checkOverrun(_ checks: inout Checks) {
  UART.enterLoopback()
  UART[.interruptEnable] = 0x04
  for byte in UInt8(0)..<17 {
    // One at a time: the transmitter's FIFO must not be what overflows.
    _ = eventually { UART[.lineStatus] & UART.transmitterEmpty != 0 }
    if byte == 16 { _ = UART[.lineStatus] }
    UART[.data] = byte
  }
  let identified = eventually { UART[.identification] & 0x0F == UART.lineStatusChanged }
  let status = UART[.lineStatus]
  let statusAfterwards = UART[.lineStatus]
  var isKept = true
  for byte in UInt8(0)..<16 where UART[.data] != byte { isKept = false }
  let leftOver = UART[.lineStatus] & UART.dataReady
  UART[.data] = pattern
  _ = eventually { UART[.lineStatus] & UART.dataReady != 0 }
  UART[.fifoControl] = UART.fifosOn | 0x02
  let afterReset = UART[.lineStatus] & UART.dataReady
  UART.reset()
  checks.check("overrun: an interrupt's reason", identified)
  checks.check("overrun: the line status", status & UART.overrun, is: UART.overrun)
  checks.check("overrun: told once", statusAfterwards & UART.overrun, is: 0)
  checks.check("overrun: sixteen bytes are kept", isKept && leftOver == 0)
  checks.check("the receiver's FIFO can be emptied", afterReset, is: 0)
}

/// Each source, through the PIC.
private func checkInterrupts(_ checks: inout Checks) {
  let vector = PIC.vector(4)
  UART.enterLoopback()
  PIC.unmask(4)
  Interrupts.enable()

  var before = Interrupts.count(vector)
  UART[.interruptEnable] = 0x01
  UART[.data] = pattern
  let received = eventually { Interrupts.count(vector) > before }
  let receivedByte = UART[.data]

  before = Interrupts.count(vector)
  UART[.interruptEnable] = 0x02
  let empty = eventually { Interrupts.count(vector) > before }
  let emptyReason = UART[.identification] & 0x0F
  let emptyAfterwards = UART[.identification] & 0x0F

  before = Interrupts.count(vector)
  UART[.interruptEnable] = 0x08
  _ = UART[.modemStatus]
  UART[.modemControl] = UART.loopback | UART.out2 | 0x01
  let modem = eventually { Interrupts.count(vector) > before }
  let modemReason = UART[.identification] & 0x0F
  _ = UART[.modemStatus]

  UART[.interruptEnable] = 0
  before = Interrupts.count(vector)
  UART[.data] = pattern
  wait(megacycles: 20)
  let disabled = Interrupts.count(vector) - before

  Interrupts.disable()
  PIC.mask(4)
  UART.reset()
  checks.check("interrupt: received data", received)
  checks.check("interrupt: the byte", receivedByte, is: pattern)
  checks.check("interrupt: transmitter empty", empty)
  checks.check("interrupt: its reason", emptyReason, is: 0x02)
  checks.check("interrupt: which reading clears", emptyAfterwards, is: 0x01)
  checks.check("interrupt: modem status", modem)
  checks.check("interrupt: its reason", modemReason, is: 0x00)
  checks.check("interrupt: none when disabled", disabled, is: 0)
}
