package import Devices
public import Display
import Glibc
import KVM
public import SystemPackage

/// What machine to build. Everything in it can be checked without KVM, by ``validate()``.
public struct MachineConfiguration: Sendable {
  /// Who has the interrupt controllers. Every machine has a PIC and a PIT.
  public enum InterruptController: String, CaseIterable, Sendable {
    /// What starts and stops fastest: `none` with one vCPU; with several, which need local APICs to
    /// start, and for a Linux, PVH or Multiboot kernel `split`, or `kernel` on a host without that.
    case auto
    /// PIC, I/O APIC, local APICs and PIT in the kernel.
    case kernel
    /// Local APICs in the kernel; PIC, I/O APIC and PIT are ours.
    case split
    /// No APICs at all; PIC and PIT are ours.
    case none
  }

  /// The KVM device.
  public var device: FilePath = "/dev/kvm"
  /// Bytes of RAM, a multiple of 4096.
  public var memorySize: UInt64 = 64 << 20
  /// How many vCPUs; the first one starts, the others wait for INIT and SIPI.
  public var cpuCount = 1
  public var interruptController = InterruptController.auto
  /// Whether `auto` gives a single vCPU its local APIC, too.
  var prefersLocalAPICs = false
  /// The video mode at the start; nil for a machine without a framebuffer.
  public var framebuffer: FramebufferMode? = FramebufferMode(
    width: 1024, height: 768, bitsPerPixel: 32)
  /// Whether an image whose boot protocol has a way to ask for a video mode gets that one, or the
  /// nearest, instead of ``framebuffer``.
  public var isFramebufferNegotiable = true
  /// Whether there is a VGA, in whose text mode the machine then starts.
  public var vga = VGAPresence.auto
  /// Told of the first video mode that the guest sets and that cannot be shown, by name, such as
  /// `640x480, 16 colours in planes`; in the thread that has noticed it. It must not call the machine
  /// back.
  public var onUnsupportedVideoMode: @Sendable (String) -> Void = { _ in }
  /// Where `isa-debug-exit` is, by which a guest ends with a number; nil for nowhere.
  public var debugExitPorts: ClosedRange<UInt16>? = ISADebugExit.defaultPorts
  /// Whether there are the devices that test kernels for QEMU look for: `pc-testdev` and fw_cfg.
  public var hasTestDevices = false
  /// Whether instructions that the host's KVM fails to emulate are executed here, where they can be.
  /// Without effect on a host whose KVM runs guests natively.
  public var assistsEmulation = true
  /// What the guest finds in its boot-information block.
  public var commandLine = ""
  /// Where the serial port and the debug console write.
  public var serialOutput = FileDescriptor.standardOutput
  /// Whether what a guest prints with INT 10h goes to ``serialOutput``, too.
  public var printsTeletype = true
  /// What is written down as it happens; nil for nothing.
  public var trace: TraceConfiguration?
  /// Whether KVM may collect what the guest sends over COM1, where the host can. A benchmark switches
  /// it off to learn what an exit a byte costs.
  package var coalescesSerialOutput = true
  /// Frames that the display is polled for in a second, while there are sinks.
  public var framesPerSecond = 60
  /// Which of KVM's dirty-log interfaces finds what was drawn; nil for the best that the host has.
  public var dirtyLog: DirtyLogInterface?
  /// Whether stores to video memory are logged at all. A benchmark switches it off to learn what the
  /// log costs a guest; such a machine's display must not be flushed.
  package var isVideoMemoryLogged = true
  /// When pages that are written all the time are left open.
  public var hotPagePolicy = HotPagePolicy()
  /// Whether a frame ends when the guest rings the doorbell (``PresentDoorbell``). Until it first
  /// does, frames end with the clock.
  public var isPresentedByGuest = false
  /// Time without damage before the flusher sleeps, nanoseconds.
  package var idleAfter: UInt64 = 500_000_000
  /// Whether the flusher may sleep until the next store; otherwise it ticks a few times a second.
  package var usesWriteTrap = true
  /// Time between those few ticks, nanoseconds.
  package var slowTickInterval: UInt64 = 200_000_000
  /// What becomes of a guest that asks for a reset.
  public var resetAction = ResetAction.exit
  /// Called before each reset that the guest has asked for, in a thread of the machine's; the guest
  /// goes on when it returns. It must not call the machine back.
  public var onReboot: @Sendable (Reboot) -> Void = { _ in }
  /// Devices beside the machine's own, at ports that those leave free.
  package var portDevices: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)] = []
  /// Who sees the live picture. Without any, nothing is polled.
  public var sinks: [any FrameSink & Sendable] = []

  public init() {}

  /// KVM's own limit is larger, but an APIC id has 8 bits on this machine.
  public static let maximumCPUs = 254

  /// The same machine, but that `auto` gives a single vCPU its local APIC, which a kernel of this century
  /// expects.
  func preferringLocalAPICs() -> MachineConfiguration {
    var configuration = self
    configuration.prefersLocalAPICs = true
    return configuration
  }

  /// Who has the interrupt controllers on a host that is like `hypervisor`.
  func interruptArrangement(
    on hypervisor: borrowing Hypervisor
  ) -> InterruptSystem.Arrangement {
    switch interruptController {
    case .none: .userSpace
    case .auto where cpuCount == 1 && !prefersLocalAPICs: .userSpace
    case .auto: hypervisor.checkExtension(.splitIRQChip) > 0 ? .split : .kernel
    case .split: .split
    case .kernel: .kernel
    }
  }

  /// Checks every setting against the machine's limits and the host's memory.
  public func validate() throws(VMMError) {
    try Self.validate(memorySize: memorySize)
    guard (1...Self.maximumCPUs).contains(cpuCount) else {
      throw VMMError(
        .usage, "\(cpuCount) vCPUs: a machine has 1 to \(Self.maximumCPUs); choose a --cpus in it")
    }
    guard cpuCount == 1 || interruptController != .none else {
      throw VMMError(
        .usage,
        "\(cpuCount) vCPUs without local APICs: all but the first could never start; "
          + "leave out --irqchip none")
    }
    guard commandLine.utf8.count <= BootInformation.maximumCommandLine else {
      throw VMMError(
        .usage,
        "command line: \(commandLine.utf8.count) bytes are more than the "
          + "\(BootInformation.maximumCommandLine) that fit; shorten --append")
    }
    guard (1...1000).contains(framesPerSecond) else {
      throw VMMError(.usage, "\(framesPerSecond) frames per second: choose 1 to 1000")
    }
  }

  /// Checks an amount of RAM against the machine's limits and the host's memory.
  public static func validate(memorySize: UInt64) throws(VMMError) {
    guard (MemoryMap.minimumRAM...MemoryMap.maximumRAM).contains(memorySize) else {
      throw VMMError(
        .usage,
        "memory of \(memorySize) bytes: a machine has 2M to 64G; give it with K, M or G, such as 64M"
      )
    }
    guard memorySize % 4096 == 0 else {
      throw VMMError(
        .usage, "memory of \(memorySize) bytes: is not a multiple of 4096; round it up")
    }
    let host = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * 4096
    guard memorySize <= host else {
      throw VMMError(
        .usage,
        "memory of \(memorySize) bytes: is more than this host's \(host); lower --memory")
    }
  }
}

/// Width, height and depth of a video mode.
public struct FramebufferMode: Equatable, Sendable, CustomStringConvertible {
  public let width: Int
  public let height: Int
  public let bitsPerPixel: Int

  /// nil unless the mode has pixels, a depth that the display knows (8, 15, 16, 24 or 32), a width
  /// and height that its registers hold, and fits in the largest video memory.
  public init?(width: Int, height: Int, bitsPerPixel: Int) {
    guard let format = PixelFormat(bitsPerPixel: bitsPerPixel),
      (1...Self.maximumWidth).contains(width), (1...Self.maximumHeight).contains(height),
      width * height * format.bytesPerPixel <= MemoryMap.maximumVideoMemory
    else { return nil }
    self.width = width
    self.height = height
    self.bitsPerPixel = bitsPerPixel
  }

  /// The limits of QEMU's display with the same registers.
  public static let maximumWidth = 16000
  public static let maximumHeight = 12000

  /// Bytes of video memory for this mode: 16 MiB, or the next power of two that holds it.
  var videoMemorySize: Int {
    let bytes = width * height * ((bitsPerPixel + 7) / 8)
    var size = 16 << 20
    while size < bytes { size <<= 1 }
    return size
  }

  /// As the command line gives it: `1024x768x32`.
  public var description: String { "\(width)x\(height)x\(bitsPerPixel)" }
}
