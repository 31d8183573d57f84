/// Interrupts as a guest at CPL 3 sees them: counters.
///
/// The handlers are a few instructions at CPL 0 (interrupts.S). A guest either lets interrupts in and
/// looks at the counters while it works, or keeps them out and takes one at a time with ``wait()``.
enum Interrupts {
  /// Where the handler tells that the interrupt has been served.
  enum End: UInt8 {
    case none, firstPIC, secondPIC, localAPIC
  }

  /// Has interrupts of `vector`, 0x20 to 0xFF, counted.
  static func install(_ vector: UInt8, end: End) {
    precondition(vector >= FIRST_INTERRUPT)
    memoryWrite8(interruptEndsAddress() + UInt64(vector), end.rawValue)
    let handler = interruptStubsAddress() + 16 * (UInt64(vector) - UInt64(FIRST_INTERRUPT))
    let gate = idtAddress() + 16 * UInt64(vector)
    memoryWrite32(
      gate + 4, UInt32(truncatingIfNeeded: handler) & 0xFFFF_0000 | UInt32(INTERRUPT_GATE))
    memoryWrite32(
      gate, UInt32(CODE64_CPL0) << 16 | UInt32(truncatingIfNeeded: handler) & 0xFFFF)
  }

  /// How many interrupts of `vector` the CPU with this number has taken.
  static func count(_ vector: UInt8, cpu: UInt32 = 0) -> UInt32 {
    let counters =
      cpu == 0 ? UInt64(COUNTERS) : Processors.area(cpu) + UInt64(AREA_COUNTERS)
    return memoryRead32(counters + 4 * UInt64(vector))
  }

  /// Lets interrupts in.
  static func enable() { _ = supervisor_call(UInt64(supervisorSetInterrupts.rawValue), 1, 0) }

  /// Keeps them out.
  static func disable() { _ = supervisor_call(UInt64(supervisorSetInterrupts.rawValue), 0, 0) }

  /// Halts until one interrupt has been taken; it may have been pending. Interrupts must be kept out,
  /// so that none comes between a look at a counter and the halt.
  static func wait() { _ = supervisor_call(UInt64(supervisorWait.rawValue), 0, 0) }

  /// Halts until `vector` has been taken `count` times in all.
  static func wait(for vector: UInt8, count: UInt32, cpu: UInt32 = 0) {
    while self.count(vector, cpu: cpu) < count { wait() }
  }
}

/// Model-specific registers.
enum MSR {
  static func read(_ number: UInt32) -> UInt64 {
    supervisor_call(UInt64(supervisorReadMSR.rawValue), UInt64(number), 0)
  }

  static func write(_ number: UInt32, _ value: UInt64) {
    _ = supervisor_call(UInt64(supervisorWriteMSR.rawValue), UInt64(number), value)
  }
}
