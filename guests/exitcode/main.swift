// Ends through the debug-exit port with the command line's `code`.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  exit(code: UInt8(truncatingIfNeeded: machine.commandLine.number("code") ?? 0))
}
