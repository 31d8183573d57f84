// Changes a few whole scanlines in each frame and leaves the rest alone.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let screen = machine.screen
  let frames = Int(machine.commandLine.number("frames") ?? 64)
  let lines = Int(machine.commandLine.number("lines") ?? 4)
  let pause = machine.commandLine.number("pause") ?? 0

  var y = 0
  for frame in 1...max(frames, 1) {
    wait(megacycles: pause)
    let shade = frame & 0xFF
    let color = rgb(shade, 255 - shade, 128)
    for _ in 0..<lines {
      for x in 0..<screen.width { screen[x, y] = color }
      y = (y + 1) % screen.height
    }
  }
  Serial.print("scanlines: drew ")
  Serial.print(max(frames, 1))
  Serial.print(" frames of ")
  Serial.print(lines)
  Serial.print(" scanlines\n")
}
