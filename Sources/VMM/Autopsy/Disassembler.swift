import Glibc

/// One instruction as text.
public struct DisassembledInstruction: Equatable, Sendable {
  /// Its linear address.
  public let address: UInt64
  public let bytes: [UInt8]
  /// Mnemonic and operands in Intel's syntax: `mov eax, dword ptr [rbx]`.
  public let text: String

  /// The first word of ``text``.
  public var mnemonic: String { String(text.prefix { $0 != " " }) }
}

/// Turns instruction bytes into text with the Capstone library, if the host has it.
///
/// The library is loaded at run time, when a guest has crashed, so that neither the build nor a
/// healthy run needs it. Its functions are named as in `capstone.h`.
@safe
public struct Disassembler: Sendable {
  /// The shared objects that Debian's and Ubuntu's packages install, the newest first.
  public static let defaultLibraries = ["libcapstone.so.5", "libcapstone.so.4"]
  /// What to do about a missing library.
  public static let remedy = "no disassembly: install libcapstone4 (or libcapstone5) for it"

  /// The host's own; nil if it has none. Looked for once.
  public static let installed = Disassembler(libraries: defaultLibraries)

  private typealias Version =
    @convention(c) (
      UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?
    ) -> UInt32
  private typealias Open = @convention(c) (UInt32, UInt32, UnsafeMutablePointer<Int>) -> UInt32
  private typealias Close = @convention(c) (UnsafeMutablePointer<Int>) -> UInt32
  private typealias Disassemble =
    @convention(c) (
      Int, UnsafePointer<UInt8>?, Int, UInt64, Int,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> Int
  private typealias Free = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

  private let open: Open
  private let close: Close
  private let disassemble: Disassemble
  private let free: Free
  private let layout: InstructionLayout

  /// Loads the first of `libraries` that is there and has an interface that we know; nil if none
  /// is.
  ///
  /// - Parameter libraries: Names or paths, as `dlopen(3)` takes them.
  public init?(libraries: [String]) {
    for library in libraries where Self.canLoad(library) {
      guard let handle = unsafe dlopen(library, RTLD_NOW | RTLD_LOCAL) else { continue }
      // A library that is of use stays loaded as long as the process.
      if let disassembler = unsafe Disassembler(handle: handle) {
        self = disassembler
        return
      }
      unsafe dlclose(handle)
    }
    return nil
  }

  @unsafe
  private init?(handle: UnsafeMutableRawPointer) {
    guard let version = unsafe dlsym(handle, "cs_version"),
      let open = unsafe dlsym(handle, "cs_open"), let close = unsafe dlsym(handle, "cs_close"),
      let disassemble = unsafe dlsym(handle, "cs_disasm"),
      let free = unsafe dlsym(handle, "cs_free")
    else { return nil }
    var major: Int32 = 0
    var minor: Int32 = 0
    _ = unsafe unsafeBitCast(version, to: Version.self)(&major, &minor)
    guard let layout = InstructionLayout(majorVersion: major) else { return nil }
    self.layout = layout
    unsafe self.open = unsafeBitCast(open, to: Open.self)
    unsafe self.close = unsafeBitCast(close, to: Close.self)
    unsafe self.disassemble = unsafeBitCast(disassemble, to: Disassemble.self)
    unsafe self.free = unsafeBitCast(free, to: Free.self)
  }

  /// The first instructions in `bytes`, as many as there are and `count` at most; fewer when the
  /// bytes stop making sense.
  ///
  /// - Parameters:
  ///   - address: The linear address of the first byte.
  ///   - bits: The width of the code segment: 16, 32 or 64.
  public func instructions(
    in bytes: [UInt8], at address: UInt64, bits: Int, count: Int
  ) -> [DisassembledInstruction] {
    var capstone = 0
    guard unsafe open(Self.architectureX86, Self.mode(bits: bits), &capstone) == 0 else {
      return []
    }
    defer { _ = unsafe close(&capstone) }
    var found: [DisassembledInstruction] = []
    var rest = bytes[...]
    var next = address
    while found.count < count, !rest.isEmpty,
      let (length, text) = decode(Array(rest), at: next, capstone), length > 0, length <= rest.count
    {
      found.append(
        DisassembledInstruction(address: next, bytes: Array(rest.prefix(length)), text: text))
      rest = rest.dropFirst(length)
      next &+= UInt64(length)
    }
    return found
  }

  /// `CS_ARCH_X86`.
  private static let architectureX86: UInt32 = 3

  /// `CS_MODE_16`, `CS_MODE_32` or `CS_MODE_64`.
  private static func mode(bits: Int) -> UInt32 {
    switch bits {
    case 16: 1 << 1
    case 32: 1 << 2
    default: 1 << 3
    }
  }

  /// The length and text of the one instruction that `bytes` begin with.
  private func decode(
    _ bytes: [UInt8], at address: UInt64, _ capstone: Int
  ) -> (length: Int, text: String)? {
    var result: UnsafeMutableRawPointer?
    let count = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe disassemble(capstone, bytes.baseAddress, bytes.count, address, 1, &result)
    }
    guard count == 1, let instruction = unsafe result else { return nil }
    defer { unsafe free(instruction, count) }
    return unsafe layout.read(instruction)
  }

  /// Whether loading `library` and initialising it harm nobody.
  ///
  /// A fully static program loads a second C library with it, which works only if that is the
  /// version which the program was linked with, and otherwise may crash. A child tries it first.
  private static func canLoad(_ library: String) -> Bool {
    // Only a dynamic program finds its C library's symbols.
    guard unsafe dlsym(nil, "gnu_get_libc_version") == nil else { return true }
    let child = fork()
    guard child != 0 else {
      // Should the loader hang, the child ends by SIGALRM.
      alarm(2)
      _exit(unsafe dlopen(library, RTLD_NOW | RTLD_LOCAL) != nil ? 0 : 1)
    }
    guard child > 0 else { return false }
    var status: Int32 = -1
    while unsafe waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { return false }
    }
    return status == 0
  }
}

/// Where `cs_insn` has its members: `id` (4 bytes), `address` (8), `size` (2), then `bytes`, whose
/// length depends on the version, `mnemonic` (32) and `op_str` (160).
private struct InstructionLayout {
  private static let sizeOffset = 16
  private static let bytesOffset = 18
  private static let mnemonicLength = 32
  private static let operandsLength = 160

  private let bytesLength: Int

  /// nil for versions that may be laid out otherwise.
  init?(majorVersion: Int32) {
    switch majorVersion {
    case 4: bytesLength = 16
    case 5: bytesLength = 24
    default: return nil
    }
  }

  @unsafe
  func read(_ instruction: UnsafeRawPointer) -> (length: Int, text: String) {
    let mnemonic = unsafe string(
      instruction + Self.bytesOffset + bytesLength, Self.mnemonicLength)
    let operands = unsafe string(
      instruction + Self.bytesOffset + bytesLength + Self.mnemonicLength, Self.operandsLength)
    let length = unsafe instruction.load(fromByteOffset: Self.sizeOffset, as: UInt16.self)
    return (Int(length), operands.isEmpty ? mnemonic : "\(mnemonic) \(operands)")
  }

  @unsafe
  private func string(_ start: UnsafeRawPointer, _ length: Int) -> String {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
    return unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
