/// How fast the clocks run that have no fixed rate, measured against the PIT.
struct Rates {
  let tscPerMillisecond: UInt64
  let timerPerMillisecond: UInt64

  /// The PIT must run as a rate generator. A CPU that is kept from running while it measures finds
  /// its clocks too fast, never too slow: the smallest of several results is the best.
  static func measured() -> Rates {
    var tsc = UInt64.max
    var timer = UInt64.max
    for _ in 0..<5 {
      let result = measureOnce()
      tsc = min(tsc, result.tscPerMillisecond)
      timer = min(timer, result.timerPerMillisecond)
    }
    return Rates(tscPerMillisecond: tsc, timerPerMillisecond: timer)
  }

  func print() {
    Serial.print("TSC ")
    Serial.print(tscPerMillisecond / 1000)
    Serial.print(" MHz, APIC timer ")
    Serial.print(timerPerMillisecond / 1000)
    Serial.print(" MHz\n")
  }

  private static func measureOnce() -> Rates {
    LocalAPIC[.divideConfiguration] = LocalAPIC.divideByOne
    LocalAPIC[.timer] = LocalAPIC.masked | LocalAPIC.periodic | 0xFF
    LocalAPIC[.initialCount] = .max
    // From just before one read of the PIT to just after another, so that the ticks between are the
    // least that have passed.
    let tscStart = timeStampCounter()
    let timerStart = LocalAPIC[.currentCount]
    var last = PIT.count
    var counts: UInt64 = 0
    while counts < PIT.frequency / 200 {
      let now = PIT.count
      // The counter wraps at the reload value; the reads are far closer than that, or too many
      // counts were missed and this measurement comes out too high.
      if now <= last { counts += UInt64(last - now) }
      last = now
    }
    let timerEnd = LocalAPIC[.currentCount]
    let tscEnd = timeStampCounter()
    LocalAPIC[.initialCount] = 0
    return Rates(
      tscPerMillisecond: (tscEnd &- tscStart) * PIT.frequency / (counts * 1000),
      timerPerMillisecond: UInt64(timerStart &- timerEnd) * PIT.frequency / (counts * 1000))
  }
}
