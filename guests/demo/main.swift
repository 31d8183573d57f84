// The built-in demonstration: a sun made of scanlines rises, and a beam writes the wordmark.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let screen = machine.screen
  let pause = machine.commandLine.number("pause") ?? 0
  introduce(machine.bootInfo)

  var frames = 0
  var changed = 0
  var show = Show(width: screen.width, height: screen.height)
  while let step = show.next() {
    wait(megacycles: pause)
    changed = draw(step.picture, in: step.box, on: screen)
    frames += 1
  }
  Serial.print("Drew ")
  Serial.print(frames)
  Serial.print(" frames; the last one changed ")
  Serial.print(changed)
  Serial.print(" of ")
  Serial.print(screen.height)
  Serial.print(" scanlines.\nBye.\n")
}

private func introduce(_ info: BootInfo) {
  Serial.print("Hello from a guest in Embedded Swift: 64-bit, CPL 3, no operating system.\n")
  Serial.print("Memory ")
  Serial.print(info.memorySize >> 20)
  Serial.print(" MiB, ")
  Serial.print(info.cpuCount)
  Serial.print(info.cpuCount == 1 ? " CPU, screen " : " CPUs, screen ")
  Serial.print(info.width)
  Serial.print("x")
  Serial.print(info.height)
  Serial.print("x")
  Serial.print(info.bitsPerPixel)
  Serial.print(" at ")
  Serial.print(hex: info.framebufferAddress, digits: 8)
  Serial.print(".\n")
}

/// Stores the pixels of `box` that differ, and returns how many scanlines had one.
private func draw(_ picture: Picture, in box: Box, on screen: Screen) -> Int {
  var changed = 0
  for y in box.y {
    var differs = false
    let line = picture.line(y)
    for x in box.x {
      let color = picture.pixel(x: x, y: y, line: line)
      if screen[x, y] != color {
        screen[x, y] = color
        differs = true
      }
    }
    if differs { changed += 1 }
  }
  return changed
}
