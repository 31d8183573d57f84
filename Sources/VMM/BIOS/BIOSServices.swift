import Devices

/// What the BIOS's services do with a call: everything but how it arrives. By interrupt in files of
/// their own.
///
/// What a PC's BIOS keeps in the BIOS data area is kept there, so that programs may read and change
/// it.
struct BIOSServices {
  /// The machine around them.
  struct Hardware: Sendable {
    let memory: RealModeMemory
    /// RAM, for the memory maps.
    let memoryBelow4GiB: UInt64
    let memoryAbove4GiB: UInt64
    /// nil on a machine without a framebuffer.
    let display: BochsDisplay?
    /// nil on a machine without a framebuffer.
    let vga: VGA?
    /// The machine's devices, as code in the guest reaches them.
    let ports: PortBus
    /// Takes what INT 10h prints, too; nil for nobody.
    let teletype: (any ByteSink)?
    /// Raised while a call must not wait.
    let restEvent: EventDescriptor?
    /// Ends the machine.
    let stop: @Sendable (Ending) -> Void
    /// Resets it.
    let reset: @Sendable () -> Void
  }

  let hardware: Hardware
  /// nil for a kernel that was not started by the BIOS.
  let image: BIOSImage?
  /// The VBE mode that is set, with the bits that it was set with; nil in a mode of the VGA's.
  var vbeMode: UInt16?
  /// The call of INT 15h AH=86h that is being waited for.
  var wait: PendingWait?
  /// What INT 21h reads next after a key without a character.
  var pendingScanCode: UInt8?
  /// The line that INT 21h AH=0Ah reads.
  var pendingLine: PendingLine?

  init(hardware: Hardware, image: BIOSImage?) {
    self.hardware = hardware
    self.image = image
  }

  /// As before the image was started; the disk keeps what was written.
  mutating func reset() { self = BIOSServices(hardware: hardware, image: image) }

  var memory: RealModeMemory { hardware.memory }
  var ports: PortBus { hardware.ports }

  /// Serves `call`.
  mutating func serve(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    switch call.vector {
    case 0x09: scanCode(&call)
    case 0x10, 0x42: video(&call)
    case 0x11: call.ax = memory.word(BIOSDataArea.equipment)
    case 0x12: call.ax = memory.word(BIOSDataArea.memorySize)
    case 0x13, 0x40: disk(&call)
    case 0x14: serial(&call)
    case 0x15: return system(&call)
    case 0x16: return keyboard(&call)
    case 0x18, 0x19: hardware.reset()
    case 0x1A: time(&call)
    case 0x20...0x2F where image?.isProgram == true: return dos(&call)
    // Exceptions that return: a breakpoint, a single step, an overflow, NMI.
    case 0x01...0x05: break
    default: call.unsupported()
    }
    return .returns
  }
}
