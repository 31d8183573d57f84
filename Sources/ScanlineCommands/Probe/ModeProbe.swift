import SystemPackage
import VMM

/// A few instructions that show whether a host runs a processor mode, and how.
struct ModeProbe {
  struct Result: Encodable {
    let name: String
    let works: Bool
    /// How the guest ended, in words.
    let outcome: String
  }

  private let name: String
  private let mode: CPUMode
  private let code: [UInt8]

  /// What a stub writes to the debug exit port when all went well.
  private static let success: UInt8 = 0x2A
  /// Far beyond what a stub takes, also on a busy host.
  private static let timeLimit: UInt64 = 5_000_000_000

  /// mov al, 0x2A; out 0xF4, al
  private static let succeed: [UInt8] = [0xB0, success, 0xE6, 0xF4]

  static let all = [
    ModeProbe(name: "16-bit real mode", mode: .real, code: succeed),
    ModeProbe(name: "32-bit protected mode", mode: .protected, code: succeed),
    ModeProbe(
      name: "32-bit protected mode with paging", mode: .protected,
      code: [
        0xC7, 0x05, 0x00, 0x00, 0x02, 0x00, 0x83, 0x00, 0x00, 0x00,  // movl $0x83, 0x20000
        0xB8, 0x00, 0x00, 0x02, 0x00,  // mov eax, 0x20000
        0x0F, 0x22, 0xD8,  // mov cr3, eax
        0x0F, 0x20, 0xE0,  // mov eax, cr4
        0x83, 0xC8, 0x10,  // or eax, 0x10    4 MiB pages
        0x0F, 0x22, 0xE0,  // mov cr4, eax
        0x0F, 0x20, 0xC0,  // mov eax, cr0
        0x0D, 0x00, 0x00, 0x00, 0x80,  // or eax, 0x80000000
        0x0F, 0x22, 0xC0,  // mov cr0, eax
      ] + succeed),
    ModeProbe(name: "64-bit long mode, CPL 0", mode: .long, code: succeed),
    ModeProbe(
      name: "64-bit long mode, CPL 0, x87 and SSE (fwait, pxor)", mode: .long,
      code: floatingPoint + succeed),
    ModeProbe(
      name: "64-bit long mode, CPL 3, x87 and SSE (fwait, pxor)", mode: .long,
      code: [
        0x6A, 0x23,  // push 0x23        SS
        0x54,  // push rsp
        0x6A, 0x02,  // push 2           RFLAGS
        0x6A, 0x2B,  // push 0x2B        CS
        0x48, 0x8D, 0x05, 0x03, 0x00, 0x00, 0x00,  // lea rax, [rip + 3]
        0x50,  // push rax
        0x48, 0xCF,  // iretq
      ] + floatingPoint + succeed),
  ]

  /// fwait; pxor xmm0, xmm0
  private static let floatingPoint: [UInt8] = [0x9B, 0x66, 0x0F, 0xEF, 0xC0]

  func run(on device: FilePath) -> Result {
    let outcome: String
    do throws(VMMError) {
      var configuration = MachineConfiguration()
      configuration.device = device
      configuration.memorySize = MemoryMap.minimumRAM
      configuration.framebuffer = nil
      let image = try FlatImage(ImageFile(name: name, bytes: code), mode: mode)
      let machine = try Machine(configuration, image: image)
      try machine.start()
      let deadline = monotonicNanoseconds() + Self.timeLimit
      if !machine.stopEvent.wait(until: deadline) { machine.stop(.timeout) }
      let ending = machine.wait()
      if case .debugExit(value: UInt32(Self.success)) = ending {
        return Result(name: name, works: true, outcome: "works")
      }
      outcome = ending.summary ?? "ended otherwise"
    } catch {
      outcome = error.description
    }
    return Result(name: name, works: false, outcome: outcome)
  }
}
