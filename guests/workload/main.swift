// What screens are made of, forever; with a counter in RAM that tells how far it has come.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let commandLine = machine.commandLine
  let rate = commandLine.number("rate") ?? 0
  let megahertz = commandLine.number("mhz") ?? 2000
  let interval = rate == 0 ? 0 : megahertz &* 1_000_000 / rate
  var canvas = Canvas(screen: machine.screen)
  let workload = Workload(commandLine)
  workload.prepare(&canvas)

  var frame = 0
  if commandLine.contains("step") {
    while true {
      let step = StepWord.value
      while StepWord.value == step { relax() }
      frame &+= 1
      workload.draw(frame, on: &canvas)
    }
  }
  var next = timeStampCounter()
  while true {
    next &+= interval
    repeat {
      canvas.progress.count()
      relax()
    } while Int64(bitPattern: timeStampCounter() &- next) < 0
    frame &+= 1
    workload.draw(frame, on: &canvas)
    // A frame that took too long is not caught up with.
    let now = timeStampCounter()
    if Int64(bitPattern: now &- next) > Int64(bitPattern: interval) { next = now }
  }
}

/// The work done, in RAM where the host finds it.
struct Progress {
  private static let address: UInt64 = 0x800
  private var value: UInt32 = 0

  mutating func count() {
    value &+= 1
    memoryWrite32(Self.address, value)
  }
}

/// What the host changes to have one frame drawn.
enum StepWord {
  private static let address: UInt64 = 0x804

  static var value: UInt32 { memoryRead32(address) }
}
