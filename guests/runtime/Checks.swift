/// What a guest that tests a device from inside finds: a line `ok ...` or `FAIL ...` for each check, and
/// the run's status, 1 (debug exit 0) if all held and 3 (debug exit 1) if not.
struct Checks {
  private var failures = 0

  mutating func check(_ what: StaticString, _ holds: Bool) {
    if !holds { failures += 1 }
    Serial.print(holds ? "ok " : "FAIL ")
    Serial.print(what)
    Serial.print("\n")
  }

  /// As ``check(_:_:)`` of two numbers, which a failure shows.
  mutating func check<Value: BinaryInteger>(
    _ what: StaticString, _ value: Value, is expected: Value
  ) {
    check(what, value == expected)
    if value != expected {
      Serial.print("  is ")
      Serial.print(hex: value)
      Serial.print(", expected ")
      Serial.print(hex: expected)
      Serial.print("\n")
    }
  }

  /// As ``check(_:_:is:)`` of a byte that a device may not send.
  mutating func check(_ what: StaticString, _ byte: UInt8?, is expected: UInt8) {
    guard let byte else { return check(what, false) }
    check(what, byte, is: expected)
  }

  /// Tells of what has happened, or the guest would still wait for it.
  func pass(_ what: StaticString) {
    Serial.print("ok ")
    Serial.print(what)
    Serial.print("\n")
  }

  /// Tells why something was not checked. No failure.
  func skip(_ what: StaticString) {
    Serial.print("skip ")
    Serial.print(what)
    Serial.print("\n")
  }

  /// Ends the run.
  func finish() -> Never { exit(code: failures == 0 ? 0 : 1) }
}

/// Waits until `condition` holds; false if it does not within some seconds, which on any machine are
/// long enough for a device.
func eventually(_ condition: () -> Bool) -> Bool {
  let patience: UInt64 = 40_000_000_000
  let start = timeStampCounter()
  while !condition() {
    if timeStampCounter() &- start > patience { return false }
    relax()
  }
  return true
}
