import Glibc
import KVM

/// Machine code that executes one of many instructions on a guest's registers, between a load and a
/// store of all that it can change.
///
/// Writable until it is complete, executable from then on, and immutable. It works on its caller's stack
/// alone, so that any number of threads may run it.
@safe
struct HostCode: Sendable {
  /// What an instruction finds beside the x87 and vector registers, and leaves.
  struct Operands {
    /// The operand in memory, at RSI.
    var memory = Vector128(low: 0)
    var rax: UInt64 = 0
    var rcx: UInt64 = 0
    /// The arithmetic flags of RFLAGS.
    var flags: UInt64 = 0
  }

  private typealias Enter =
    @convention(c) (_ frame: UnsafeMutableRawPointer, _ instruction: UnsafeMutableRawPointer) ->
    Void

  // The frame: the guest's FXSAVE image, and the operands.
  private static let imageSize = 512
  private static let mxcsrOffset = 24
  private static let frameSize = imageSize + MemoryLayout<Operands>.size

  /// FXSAVE and FXRSTOR do not wait for the x87, and leave alone what AVX added to the registers.
  private static let enter: [UInt8] = [
    0x55,  // push %rbp
    0x48, 0x89, 0xE5,  // mov %rsp, %rbp
    0x48, 0x81, 0xEC, 0x00, 0x02, 0x00, 0x00,  // sub $512, %rsp
    0x48, 0x83, 0xE4, 0xF0,  // and $-16, %rsp
    0x48, 0x0F, 0xAE, 0x04, 0x24,  // fxsave64 (%rsp)
    0x48, 0x0F, 0xAE, 0x0F,  // fxrstor64 (%rdi)
    0x48, 0x89, 0xF2,  // mov %rsi, %rdx
    0x48, 0x8D, 0xB7, 0x00, 0x02, 0x00, 0x00,  // lea 512(%rdi), %rsi
    0x48, 0x8B, 0x46, 0x10,  // mov 16(%rsi), %rax
    0x48, 0x8B, 0x4E, 0x18,  // mov 24(%rsi), %rcx
    0xFF, 0x76, 0x20,  // push 32(%rsi)
    0x9D,  // popfq
    0xFF, 0xD2,  // call *%rdx
    0x9C,  // pushfq
    0x8F, 0x46, 0x20,  // pop 32(%rsi)
    0x48, 0x89, 0x46, 0x10,  // mov %rax, 16(%rsi)
    0x48, 0x89, 0x4E, 0x18,  // mov %rcx, 24(%rsi)
    0x48, 0x0F, 0xAE, 0x07,  // fxsave64 (%rdi)
    0x48, 0x0F, 0xAE, 0x0C, 0x24,  // fxrstor64 (%rsp)
    0xC9,  // leave
    ret,
  ]

  private static let int3: UInt8 = 0xCC
  private static let ret: UInt8 = 0xC3
  /// Bytes for an instruction with its RET.
  private static let slotSize = 8

  private let region: MemoryRegion

  /// nil if the host lets no memory become executable.
  ///
  /// - Parameter instructions: Of up to 7 bytes each. None may access other memory than 16 bytes at RSI,
  ///   or change other registers than RAX, RCX, RFLAGS, x87 and vector registers.
  init?(_ instructions: [[UInt8]]) {
    let size = Self.offset(of: instructions.count)
    guard let region = try? MemoryRegion(size: (size + 4095) & ~4095) else { return nil }
    let bytes = unsafe region.bytes
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: Self.int3)
    unsafe bytes.copyBytes(from: Self.enter)
    for (number, instruction) in instructions.enumerated() {
      let slot = Self.offset(of: number)
      unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[slot..<slot + Self.slotSize])
        .copyBytes(from: instruction.prefix(Self.slotSize - 1) + [Self.ret])
    }
    guard unsafe mprotect(bytes.baseAddress, bytes.count, PROT_READ | PROT_EXEC) == 0 else {
      return nil
    }
    self.region = region
  }

  /// Behind ``enter``, from a whole slot on.
  private static func offset(of number: Int) -> Int {
    ((enter.count + slotSize - 1) / slotSize + number) * slotSize
  }

  /// Executes the instruction `number` on `state` and `operands`.
  ///
  /// For a vector instruction MXCSR must mask every exception; for one of x87 or MMX the x87 must have
  /// none pending. ``ExtendedState/pointers`` are as before: the host's addresses are no guest's business.
  func execute(_ number: Int, on state: inout ExtendedState, _ operands: inout Operands) {
    let slot = Self.offset(of: number)
    guard unsafe region.bytes.indices.contains(slot), let base = unsafe region.bytes.baseAddress
    else { return }
    let enter = unsafe unsafeBitCast(base, to: Enter.self)
    let pointers = state.pointers
    unsafe withUnsafeTemporaryAllocation(byteCount: Self.frameSize, alignment: 16) { frame in
      guard let start = frame.baseAddress else { return }
      unsafe state.area.words.withUnsafeBytes { words in
        unsafe frame.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: words.prefix(Self.imageSize)))
      }
      // FXRSTOR refuses reserved bits.
      unsafe frame.storeBytes(
        of: state.mxcsr & state.mxcsrMask & 0xFFFF, toByteOffset: Self.mxcsrOffset, as: UInt32.self)
      unsafe frame.storeBytes(of: operands, toByteOffset: Self.imageSize, as: Operands.self)
      unsafe enter(start, base + slot)
      operands = unsafe frame.load(fromByteOffset: Self.imageSize, as: Operands.self)
      unsafe state.area.words.withUnsafeMutableBytes { words in
        unsafe words.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: frame.prefix(Self.imageSize)))
      }
    }
    state.pointers = pointers
  }
}
