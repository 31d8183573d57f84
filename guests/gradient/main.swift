// A smooth two-dimensional gradient over the whole screen, whatever its size.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let screen = unsafe Machine(bootInfo).screen
  for y in 0..<screen.height {
    let green = 255 * y / max(screen.height - 1, 1)
    for x in 0..<screen.width {
      let red = 255 * x / max(screen.width - 1, 1)
      screen[x, y] = rgb(red, green, 255 - (red + green) / 2)
    }
  }
  Serial.print("gradient: drew ")
  Serial.print(screen.width)
  Serial.print("x")
  Serial.print(screen.height)
  Serial.print("\n")
}
