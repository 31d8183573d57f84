import KVM

/// INT 15h. ACPI 6.4, section 15.1 (E820); Ralf Brown's Interrupt List.
extension BIOSServices {
  /// AH of a call that does not exist.
  private static let unsupportedFunction: UInt8 = 0x86
  /// How long a wait keeps the vCPU from taking interrupts, at most.
  private static let waitSlice: UInt64 = 10_000_000

  /// A wait in progress: the call is made again and again until its time has come.
  struct PendingWait: Equatable {
    /// Which call it is: where it returns to, and how.
    let frame: UInt32
    let duration: UInt32
    let deadline: UInt64
  }

  mutating func system(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    switch (call.ah, call.al) {
    case (0x24, 0x00...0x03): a20(&call)
    // The keyboard's scan code stays as it is, and is to be used: carry as it was.
    case (0x4F, _): break
    case (0x53, _): advancedPowerManagement(&call)
    case (0x86, _): return pause(&call)
    case (0x87, _): moveBlock(&call)
    case (0x88, _):
      // More than 63 MiB are told by the other calls.
      call.ax = UInt16(min(63 << 10, memoryAbove(1 << 20) >> 10))
      call.carry = false
    // A device is busy, and no longer: nothing else to run meanwhile.
    case (0x90, _), (0x91, _):
      call.ah = 0
      call.carry = false
    case (0xC0, _):
      call.es = BIOSROM.segment
      call.bx = BIOSROM.configuration
      call.ah = 0
      call.carry = false
    case (0xC1, _):
      call.es = BIOSDataArea.extendedSegment
      call.carry = false
    case (0xE8, 0x01): memorySizes(&call)
    case (0xE8, 0x20): memoryMap(&call)
    default:
      call.unsupported()
      call.ah = Self.unsupportedFunction
    }
    return .returns
  }

  // MARK: Memory

  /// "SMAP".
  private static let memoryMapSignature: UInt32 = 0x534D_4150

  private func memoryAbove(_ start: UInt64) -> UInt64 {
    hardware.memoryBelow4GiB - min(hardware.memoryBelow4GiB, start)
  }

  /// AX=E801h: KiB from 1 to 16 MiB, and units of 64 KiB from there.
  private func memorySizes(_ call: inout BIOSCall) {
    call.ax = UInt16(min(15 << 10, memoryAbove(1 << 20) >> 10))
    call.bx = UInt16(clamping: memoryAbove(16 << 20) >> 16)
    call.cx = call.ax
    call.dx = call.bx
    call.carry = false
  }

  /// AX=E820h: entry EBX of the memory map at ES:DI.
  private func memoryMap(_ call: inout BIOSCall) {
    let map = E820Map(
      memoryBelow4GiB: hardware.memoryBelow4GiB, memoryAbove4GiB: hardware.memoryAbove4GiB
    ).entries
    let index = Int(UInt32(truncatingIfNeeded: call.registers.rbx))
    guard UInt32(truncatingIfNeeded: call.registers.rdx) == Self.memoryMapSignature,
      UInt32(truncatingIfNeeded: call.registers.rcx) >= E820Map.Entry.encodedSize,
      map.indices.contains(index),
      memory.write(map[index].encoded, at: call.es(call.di))
    else {
      call.ah = Self.unsupportedFunction
      call.carry = true
      return
    }
    call.registers.rax = UInt64(Self.memoryMapSignature)
    call.registers.rbx = index + 1 < map.count ? UInt64(index + 1) : 0
    call.registers.rcx = UInt64(E820Map.Entry.encodedSize)
    call.carry = false
  }

  /// AH=87h: CX words between two addresses of 32 bits, from the descriptors at ES:SI.
  private func moveBlock(_ call: inout BIOSCall) {
    let table = call.es(call.si)
    func base(_ descriptor: UInt32) -> UInt32 {
      let address = table &+ 8 &* descriptor
      return memory.long(address &+ 2) & 0xFF_FFFF | UInt32(memory.byte(address &+ 7)) << 24
    }
    let isDone = memory.copy(2 * Int(call.cx), from: base(2), to: base(3))
    call.ah = isDone ? 0 : 0x02
    call.carry = !isDone
  }

  // MARK: A20

  private static let systemControlPortA: UInt16 = 0x92
  private static let a20Bit: UInt8 = 1 << 1

  private func a20(_ call: inout BIOSCall) {
    let port = ports.read(Self.systemControlPortA) & ~1
    switch call.al {
    case 0x00: ports.write(Self.systemControlPortA, port & ~Self.a20Bit)
    case 0x01: ports.write(Self.systemControlPortA, port | Self.a20Bit)
    case 0x02: call.al = port & Self.a20Bit != 0 ? 1 : 0
    // Both the keyboard controller and port 92h have it.
    default: call.bx = 3
    }
    call.ah = 0
    call.carry = false
  }

  // MARK: Waiting

  /// AH=86h: CX:DX microseconds, without holding up interrupts or whoever wants the machine at rest.
  private mutating func pause(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    let duration = UInt32(call.cx) << 16 | UInt32(call.dx)
    let now = monotonicNanoseconds()
    let pending: PendingWait
    if let wait, wait.frame == call.frame, wait.duration == duration {
      pending = wait
    } else {
      pending = PendingWait(
        frame: call.frame, duration: duration, deadline: now &+ UInt64(duration) &* 1000)
    }
    if now < pending.deadline {
      wait = pending
      let slice = min(pending.deadline, now &+ Self.waitSlice)
      _ = VMM.wait(
        for: 0, on: nil, or: hardware.restEvent, timeout: millisecondsUntil(slice))
      return .repeats
    }
    wait = nil
    call.carry = false
    return .returns
  }

  // MARK: Power

  /// AH=53h: enough of APM 1.2 for programs that switch the machine off.
  private func advancedPowerManagement(_ call: inout BIOSCall) {
    call.carry = false
    switch (call.al, call.bx, call.cx) {
    case (0x00, _, _):
      call.ax = 0x0102
      call.bx = 0x504D  // "PM"
      call.cx = 0
    case (0x01, _, _), (0x04, _, _), (0x0D, _, _), (0x0F, _, _): call.ah = 0
    case (0x0E, _, _): call.ax = 0x0102
    case (0x07, 0x0001, 0x0003):
      call.ah = 0
      hardware.stop(.poweredOff)
    default:
      call.unsupported()
      call.ah = Self.unsupportedFunction
    }
  }
}
