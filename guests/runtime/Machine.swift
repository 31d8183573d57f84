/// What the VMM told this guest at entry.
struct Machine {
  let bootInfo: BootInfo
  let commandLine: CommandLine

  init(_ block: UnsafePointer<BootInfo>) {
    bootInfo = unsafe block.pointee
    precondition(bootInfo.magic == 0x4C4E_4353, "there is no boot-information block")
    commandLine = CommandLine(bootInfo)
  }

  /// The screen as the boot-information block describes it. Ends the guest with status 3 if there is
  /// none, or not with the 32 bits per pixel that our guests draw.
  var screen: Screen {
    guard bootInfo.framebufferAddress != 0, bootInfo.bitsPerPixel == 32 else {
      Serial.print("guest: this guest needs a framebuffer with 32 bits per pixel\n")
      exit(code: 1)
    }
    return Screen(bootInfo)
  }
}

/// Ends the run with status `(code << 1) | 1` through the debug-exit port.
func exit(code: UInt8) -> Never {
  portWrite8(0xF4, code)
  while true { relax() }
}

/// Waits for about `megacycles` million time-stamp-counter cycles: a guest with no timer of its own
/// paces its frames with it.
func wait(megacycles: UInt64) {
  let start = timeStampCounter()
  while timeStampCounter() &- start < megacycles &* 1_000_000 { relax() }
}
