// Tests the timers from inside: the PIT through the PIC, the local APIC's timer in its modes.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  var checks = Checks()
  PIC.initialize()
  checkPIT(&checks)
  guard LocalAPIC.isPresent else {
    checks.skip("APIC timer: this CPU has no APIC")
    checks.finish()
  }
  LocalAPIC.enable()
  let rates = Rates.measured()
  rates.print()
  checkOneShot(&checks, rates)
  checkPeriodic(&checks, rates)
  checkDeadline(&checks, rates)
  checks.finish()
}

/// 100 interrupts in a second.
private let reload: UInt16 = 11_932

private func checkPIT(_ checks: inout Checks) {
  let vector = PIC.vector(0)
  PIT.startRateGenerator(reload: reload)
  PIC.unmask(0)
  Interrupts.enable()
  checks.check("PIT interrupts a program that works", eventually { Interrupts.count(vector) >= 3 })
  Interrupts.disable()
  Interrupts.wait(for: vector, count: Interrupts.count(vector) + 3)
  checks.pass("PIT wakes a CPU that halts")

  var isInside = true
  for _ in 0..<1000 {
    let count = PIT.count
    if count == 0 || count > reload { isInside = false }
  }
  checks.check("PIT counts from the reload value to 1", isInside)

  PIC.mask(0)
  Interrupts.enable()
  let before = Interrupts.count(vector)
  waitPeriods(3)
  checks.check("PIT is silent while the PIC masks it", Interrupts.count(vector), is: before)
  PIC.unmask(0)
  checks.check(
    "PIT interrupts again when unmasked", eventually { Interrupts.count(vector) > before })
  Interrupts.disable()
  PIC.mask(0)
}

/// Waits until the PIT's counter has wrapped `count` times.
private func waitPeriods(_ count: Int) {
  var last = PIT.count
  var left = count
  while left > 0 {
    let now = PIT.count
    if now > last { left -= 1 }
    last = now
  }
}

private let oneShotVector: UInt8 = 0x40
private let periodicVector: UInt8 = 0x41
private let deadlineVector: UInt8 = 0x42
private let milliseconds: UInt64 = 20

private func checkOneShot(_ checks: inout Checks, _ rates: Rates) {
  Interrupts.install(oneShotVector, end: .localAPIC)
  LocalAPIC[.divideConfiguration] = LocalAPIC.divideByOne
  LocalAPIC[.timer] = UInt32(oneShotVector)
  Interrupts.enable()
  let start = timeStampCounter()
  LocalAPIC[.initialCount] = UInt32(truncatingIfNeeded: milliseconds * rates.timerPerMillisecond)
  checks.check(
    "APIC timer, one-shot: the count goes down", LocalAPIC[.currentCount] < LocalAPIC[.initialCount]
  )
  let came = eventually { Interrupts.count(oneShotVector) > 0 }
  let elapsed = timeStampCounter() &- start
  checks.check("APIC timer, one-shot: it interrupts", came)
  // The rates were measured on a machine that may have been busy, hence the half.
  checks.check(
    "APIC timer, one-shot: not too early", elapsed > milliseconds * rates.tscPerMillisecond / 2)
  checks.check("APIC timer, one-shot: the count has ended", LocalAPIC[.currentCount], is: 0)
  wait(megacycles: 50)
  checks.check("APIC timer, one-shot: once", Interrupts.count(oneShotVector), is: 1)

  LocalAPIC[.timer] = UInt32(oneShotVector) | LocalAPIC.masked
  LocalAPIC[.initialCount] = 1000
  checks.check("APIC timer, masked: the count ends", eventually { LocalAPIC[.currentCount] == 0 })
  wait(megacycles: 10)
  checks.check("APIC timer, masked: it is silent", Interrupts.count(oneShotVector), is: 1)
  Interrupts.disable()
}

private func checkPeriodic(_ checks: inout Checks, _ rates: Rates) {
  Interrupts.install(periodicVector, end: .localAPIC)
  LocalAPIC[.timer] = UInt32(periodicVector) | LocalAPIC.periodic
  LocalAPIC[.initialCount] = UInt32(truncatingIfNeeded: 2 * rates.timerPerMillisecond)
  Interrupts.enable()
  checks.check(
    "APIC timer, periodic: it interrupts again and again",
    eventually { Interrupts.count(periodicVector) >= 10 })
  Interrupts.disable()
  Interrupts.wait(for: periodicVector, count: Interrupts.count(periodicVector) + 5)
  checks.pass("APIC timer, periodic: it wakes a CPU that halts")
  LocalAPIC[.initialCount] = 0
  Interrupts.enable()
  wait(megacycles: 5)  // for one that is on its way
  let last = Interrupts.count(periodicVector)
  wait(megacycles: 20)
  checks.check(
    "APIC timer, periodic: a count of 0 stops it", Interrupts.count(periodicVector), is: last)
  Interrupts.disable()
}

private func checkDeadline(_ checks: inout Checks, _ rates: Rates) {
  let deadlineMSR: UInt32 = 0x6E0
  guard cpuid(1, 0).ecx & 1 << 24 != 0 else {
    return checks.skip("TSC deadline: this CPU does not have it")
  }
  Interrupts.install(deadlineVector, end: .localAPIC)
  LocalAPIC[.timer] = UInt32(deadlineVector) | LocalAPIC.tscDeadline
  let deadline = timeStampCounter() &+ milliseconds * rates.tscPerMillisecond
  MSR.write(deadlineMSR, deadline)
  checks.check("TSC deadline: the MSR holds it", MSR.read(deadlineMSR), is: deadline)
  Interrupts.wait(for: deadlineVector, count: 1)
  checks.check("TSC deadline: not before its time", timeStampCounter() >= deadline)
  checks.check("TSC deadline: the MSR is 0 afterwards", MSR.read(deadlineMSR), is: 0)

  MSR.write(deadlineMSR, timeStampCounter() &+ 1000 * rates.tscPerMillisecond)
  MSR.write(deadlineMSR, 0)
  checks.check("TSC deadline: 0 disarms it", MSR.read(deadlineMSR), is: 0)
  MSR.write(deadlineMSR, 1)
  Interrupts.wait(for: deadlineVector, count: 2)
  checks.pass("TSC deadline: one in the past comes at once")
}
