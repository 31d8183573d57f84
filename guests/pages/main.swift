// Reproducible random stores into the visible frame: whoever knows the seed and the count knows every
// pixel. Each store takes one SplitMix64 value: bits 32-63 choose the pixel (modulo width * height,
// counted from the top left), bits 0-23 are its colour.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let screen = machine.screen
  let count = machine.commandLine.number("count") ?? 4096
  var generator = SplitMix64(state: machine.commandLine.number("seed") ?? 1)

  var stored: UInt64 = 0
  while stored < count {
    store(generator.next(), on: screen)
    stored += 1
  }
  Serial.print("D")
  while machine.commandLine.contains("spin") { relax() }
  while machine.commandLine.contains("forever") { store(generator.next(), on: screen) }
}

private func store(_ random: UInt64, on screen: Screen) {
  let pixel = Int(random >> 32) % (screen.width * screen.height)
  screen[pixel % screen.width, pixel / screen.width] = UInt32(truncatingIfNeeded: random) & 0xFFFFFF
}
