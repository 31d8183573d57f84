// Three balls that bounce over a floor. Each frame redraws only the boxes that they leave and enter.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let screen = machine.screen
  let frames = machine.commandLine.number("frames") ?? 60
  let pause = machine.commandLine.number("pause") ?? 0

  let scene = Scene(width: screen.width, height: screen.height)
  scene.draw(Box(x: 0..<screen.width, y: 0..<screen.height), at: 0, on: screen)
  var frame = 1
  while frame < frames || frames == 0 {
    wait(megacycles: pause)
    for ball in scene.balls.indices {
      scene.draw(
        scene.box(of: ball, at: frame - 1).union(scene.box(of: ball, at: frame)), at: frame,
        on: screen)
    }
    frame += 1
  }
  Serial.print("scene: drew ")
  Serial.print(frame)
  Serial.print(" frames\n")
}
