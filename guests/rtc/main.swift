// Tests the real-time clock, an MC146818A, from inside: the time, its memory, and its three interrupts.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  var checks = Checks()
  PIC.initialize()
  checks.check("the memory is valid", RTC[.d] & 0x80 != 0)
  checkMemory(&checks)
  checkTime(&checks)
  PIC.unmask(8)
  checkUpdateEnded(&checks)
  checkPeriodic(&checks)
  checkAlarm(&checks)
  checks.finish()
}

private func checkMemory(_ checks: inout Checks) {
  // Beyond what the BIOS of an AT keeps.
  let index: UInt8 = 0x7F
  let old = RTC[memory: index]
  var holds = true
  for value in UInt8.min ... .max {
    RTC[memory: index] = value
    if RTC[memory: index] != value { holds = false }
  }
  RTC[memory: index] = old
  checks.check("the memory holds what is written", holds)
}

private func checkTime(_ checks: inout Checks) {
  let time = RTC.time
  time.print()
  checks.check("the time is one that exists", time.isPlausible)
}

private func checkUpdateEnded(_ checks: inout Checks) {
  let first = RTC.takeInterrupt(enabledBy: RTC.updateEnded)
  let second = RTC.time.second
  // The next update is one second later.
  let next = RTC.takeInterrupt(enabledBy: RTC.updateEnded)
  let later = RTC.time.second
  checks.check(
    "update ended: the reason", first & (RTC.requested | RTC.updateEnded),
    is: RTC.requested | RTC.updateEnded)
  checks.check("update ended: again", next & RTC.updateEnded, is: RTC.updateEnded)
  checks.check("update ended: the seconds go on", later != second)
}

private func checkPeriodic(_ checks: inout Checks) {
  RTC[.a] = 0x26  // 32.768 kHz, divided to 1024 Hz
  checks.check("periodic: the rate reads as written", RTC[.a] & 0x7F, is: 0x26)
  var areRight = true
  for _ in 0..<8 where RTC.takeInterrupt(enabledBy: RTC.periodic) & RTC.periodic == 0 {
    areRight = false
  }
  checks.check("periodic: the reason, eight times", areRight)

  // Nobody reads register C now: the line stays down, and there is one edge at most.
  Interrupts.enable()
  wait(megacycles: 5)  // for one that the PIC still holds
  _ = RTC[.c]
  let before = Interrupts.count(RTC.vector)
  RTC[.b] |= RTC.periodic
  let came = eventually { Interrupts.count(RTC.vector) > before }
  wait(megacycles: 50)
  let count = Interrupts.count(RTC.vector) - before
  Interrupts.disable()
  RTC[.b] &= ~RTC.periodic
  checks.check("periodic: one until register C is read", came && count == 1)

  RTC[.a] = 0x20  // no rate
  _ = RTC[.c]
  wait(megacycles: 50)
  checks.check("periodic: none without a rate", RTC[.c] & RTC.periodic, is: 0)
}

private func checkAlarm(_ checks: inout Checks) {
  let doNotCare: UInt8 = 0xC0
  RTC[.secondAlarm] = doNotCare
  RTC[.minuteAlarm] = doNotCare
  RTC[.hourAlarm] = doNotCare
  let reason = RTC.takeInterrupt(enabledBy: RTC.alarm)
  checks.check(
    "alarm: every second if nothing else is asked", reason & (RTC.requested | RTC.alarm),
    is: RTC.requested | RTC.alarm)
}
