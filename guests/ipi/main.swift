// Starts the other CPUs and tests interprocessor interrupts and locks between them.

/// What all CPUs share, in RAM that nothing else uses.
enum Shared {
  /// How many other CPUs run.
  static let running: UInt64 = 0x7000
  /// What the other CPUs shall do now.
  static let phase: UInt64 = 0x7004
  /// How often another CPU has finished a phase.
  static let done: UInt64 = 0x7008
  static let lock: UInt64 = 0x7040
  static let ticketLock: UInt64 = 0x7080
  static let total: UInt64 = 0x70C0
  static let ticketedTotal: UInt64 = 0x7100
  /// From here on one word for each CPU: the id that its APIC and its CPUID tell.
  static let ids: UInt64 = 0x7400
}

/// What the other CPUs do. They sleep between the phases.
enum Phase {
  static let answer: UInt32 = 1
  static let pingPong: UInt32 = 2
  static let locks: UInt32 = 3
}

private let wakeVector: UInt8 = 0x40
private let questionVector: UInt8 = 0x41
private let broadcastVector: UInt8 = 0x42
private let pingVector: UInt8 = 0x43
/// One for each CPU, so that two answers cannot become one interrupt.
private let firstAnswerVector: UInt8 = 0x80
private let rounds: UInt32 = 200
private let lockedAdditions: UInt32 = 10_000
private let ticketedAdditions: UInt32 = 100

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let count = min(machine.bootInfo.cpuCount, 64)
  var checks = Checks()
  for vector in wakeVector..<0xFF { Interrupts.install(vector, end: .localAPIC) }
  LocalAPIC.enable()

  Processors.start(count: count, memorySize: machine.bootInfo.memorySizeBelow4GiB) { processor($0) }
  checks.check(
    "every CPU runs", eventually { memoryRead32(Shared.running) == count - 1 })
  var areRight = LocalAPIC.id == 0
  for cpu in 1..<max(count, 1) where memoryRead32(Shared.ids + 4 * UInt64(cpu)) != cpu {
    areRight = false
  }
  checks.check("every CPU has its APIC id, in CPUID as well", areRight)

  checkSelf(&checks)
  checkAnswers(&checks, count)
  checkPingPong(&checks, count)
  checkLocks(&checks, count)
  Serial.print(count)
  Serial.print(" CPUs\n")
  checks.finish()
}

/// What each of the other CPUs runs.
private func processor(_ cpu: UInt32) {
  LocalAPIC.enable()
  let cpuidID = cpuid(1, 0).ebx >> 24
  memoryWrite32(
    Shared.ids + 4 * UInt64(cpu), LocalAPIC.id == cpuidID ? cpuidID : UInt32.max)
  _ = atomicAdd32(Shared.running, 1)
  var phase: UInt32 = 0
  while true {
    phase += 1
    while memoryRead32(Shared.phase) < phase { Interrupts.wait() }
    switch phase {
    case Phase.answer: answer(cpu)
    case Phase.pingPong: if cpu == 1 { pong() }
    default: addUp()
    }
    _ = atomicAdd32(Shared.done, 1)
  }
}

/// Wakes the other CPUs for `phase`.
private func begin(_ phase: UInt32) {
  memoryWrite32(Shared.phase, phase)
  LocalAPIC.send(.fixed, vector: wakeVector, to: .allOthers)
}

private func checkSelf(_ checks: inout Checks) {
  LocalAPIC.send(.fixed, vector: questionVector, to: .oneself)
  Interrupts.wait(for: questionVector, count: 1)
  checks.pass("a CPU interrupts itself by the shorthand")
  LocalAPIC.send(.fixed, vector: questionVector, to: 0)
  Interrupts.wait(for: questionVector, count: 2)
  checks.pass("a CPU interrupts itself by its id")
}

/// Whether all of the other CPUs have finished `phase`.
private func haveFinished(_ phase: UInt32, _ count: UInt32) -> Bool {
  eventually { memoryRead32(Shared.done) == phase * (count - 1) }
}

// MARK: Question and answer

private func checkAnswers(_ checks: inout Checks, _ count: UInt32) {
  begin(Phase.answer)
  for cpu in 1..<max(count, 1) { LocalAPIC.send(.fixed, vector: questionVector, to: cpu) }
  Interrupts.enable()
  checks.check(
    "every CPU answers an interrupt", eventually { answered(count, times: 1) })
  LocalAPIC.send(.fixed, vector: broadcastVector, to: .allOthers)
  checks.check(
    "every CPU answers one to all others", eventually { answered(count, times: 2) })
  Interrupts.disable()
  checks.check("every CPU has finished", haveFinished(Phase.answer, count))
  var areExact = Interrupts.count(broadcastVector) == 0
  for cpu in 1..<max(count, 1) {
    if Interrupts.count(questionVector, cpu: cpu) != 1
      || Interrupts.count(broadcastVector, cpu: cpu) != 1
    {
      areExact = false
    }
  }
  checks.check("every CPU was asked once, and this one not", areExact)
}

private func answered(_ count: UInt32, times: UInt32) -> Bool {
  for cpu in 1..<max(count, 1)
  where Interrupts.count(firstAnswerVector + UInt8(cpu)) != times { return false }
  return true
}

private func answer(_ cpu: UInt32) {
  Interrupts.wait(for: questionVector, count: 1, cpu: cpu)
  LocalAPIC.send(.fixed, vector: firstAnswerVector + UInt8(cpu), to: 0)
  Interrupts.wait(for: broadcastVector, count: 1, cpu: cpu)
  LocalAPIC.send(.fixed, vector: firstAnswerVector + UInt8(cpu), to: 0)
}

// MARK: Ping-pong

/// Two CPUs wake each other in turn; a lost interrupt would stop both.
private func checkPingPong(_ checks: inout Checks, _ count: UInt32) {
  begin(Phase.pingPong)
  guard count > 1 else { return checks.skip("ping-pong: there is only one CPU") }
  for round in 1...rounds {
    LocalAPIC.send(.fixed, vector: pingVector, to: 1)
    Interrupts.wait(for: pingVector, count: round)
  }
  checks.check("ping-pong: as many back as there", Interrupts.count(pingVector), is: rounds)
  checks.check(
    "ping-pong: and there", Interrupts.count(pingVector, cpu: 1), is: rounds)
  checks.check("ping-pong: every CPU has finished", haveFinished(Phase.pingPong, count))
}

private func pong() {
  for round in 1...rounds {
    Interrupts.wait(for: pingVector, count: round, cpu: 1)
    LocalAPIC.send(.fixed, vector: pingVector, to: 0)
  }
}

// MARK: Locks

private func checkLocks(_ checks: inout Checks, _ count: UInt32) {
  begin(Phase.locks)
  addUp()
  checks.check("locks: every CPU has finished", haveFinished(Phase.locks, count))
  checks.check(
    "locks: no addition under the spinlock was lost", memoryRead32(Shared.total),
    is: count * lockedAdditions)
  checks.check(
    "locks: no addition under the ticket lock was lost", memoryRead32(Shared.ticketedTotal),
    is: count * ticketedAdditions)
}

/// Adds to the two totals, with nothing but a lock around each addition.
private func addUp() {
  let spinlock = Spinlock(address: Shared.lock)
  for _ in 0..<lockedAdditions { spinlock.withLock { addOne(Shared.total) } }
  let ticketLock = TicketLock(address: Shared.ticketLock)
  for _ in 0..<ticketedAdditions { ticketLock.withLock { addOne(Shared.ticketedTotal) } }
}

/// A load and a store: what another CPU adds between them is lost.
private func addOne(_ address: UInt64) {
  let value = memoryRead32(address)
  memoryWrite32(address, value + 1)
}
