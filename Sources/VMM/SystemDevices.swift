import Devices

/// What a PC has on its board beside the serial port and the display: timer, clock, keyboard and mouse,
/// power management, and the ways to reset it.
struct SystemDevices {
  let keyboard: KeyboardController8042
  /// All devices with their ports.
  private(set) var claims: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)] = []

  /// - Parameters:
  ///   - interrupts: Where the devices' requests go; its PIC is claimed, too, if it is ours.
  ///   - memory: What the CMOS memory tells the size of.
  ///   - timers: Lets time pass for them.
  ///   - control: Learns that the guest has switched the machine off.
  ///   - onReset: Takes the guest's wish for a reset, on the vCPU's thread.
  init(
    _ interrupts: InterruptSystem, memory: GuestMemory, timers: DeviceTimers,
    control: RunControl, onReset: @escaping @Sendable (ResetCause) -> Void
  ) {
    let clock = timers.clock
    let a20 = A20Gate()
    keyboard = KeyboardController8042(
      keyboardInterrupt: interrupts.line(1), mouseInterrupt: interrupts.line(12), a20: a20,
      clock: clock, onReset: onReset)
    let power = ACPIPowerManagement(
      clock: clock, interrupt: interrupts.line(Int(ACPIPowerManagement.interrupt)),
      onPowerOff: { control.stop(.poweredOff) })
    let clockChip = RealTimeClock(
      memory: CMOSMemory.contents(
        memoryBelow4GiB: UInt64(memory.sizeBelow4GiB),
        memoryAbove4GiB: UInt64(memory.sizeAbove4GiB)),
      clock: clock, wallClock: { wallClockNanoseconds() }, interrupt: interrupts.line(8))
    claims = [
      ([RealTimeClock.ports], clockChip),
      (KeyboardController8042.ports, keyboard), (ACPIPowerManagement.ports, power),
      ([SystemControlPortA.ports], SystemControlPortA(a20: a20, onReset: onReset)),
      ([ResetControlRegister.ports], ResetControlRegister(onReset: onReset)),
    ]
    timers.add(clockChip)
    timers.add(keyboard)
    timers.add(power)
    guard let pic = interrupts.pic else { return }
    let timer = IntervalTimer8254(clock: clock, interrupt: interrupts.line(0))
    timers.add(timer)
    claims += [(InterruptController8259.ports, pic), (IntervalTimer8254.ports, timer)]
  }
}
