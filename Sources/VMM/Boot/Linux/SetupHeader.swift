/// The setup header of a Linux kernel image (bzImage), read from the file and checked.
///
/// Source: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst in Linux), whose names the
/// fields have. What a protocol version does not have reads 0.
public struct LinuxSetupHeader: Sendable {
  /// The bytes that ``init(_:of:)`` wants to see: all that the header can ever cover, for its length
  /// is one byte.
  public static let extent = 0x202 + 0x100

  /// The version that is the oldest to boot here: 2.06 tells how long a command line may be.
  static let minimumVersion: UInt16 = 0x0206

  /// The protocol's version: major in the high byte, minor in the low byte.
  public let version: UInt16
  /// Bytes of the real-mode code before the protected-mode kernel. It is not used.
  public let setupSize: Int
  /// Bytes of the protected-mode kernel in the file.
  public let kernelSize: Int
  /// Where the kernel is entered in protected mode, if it cannot be loaded elsewhere.
  let code32Start: UInt64
  /// The highest address that an initrd's last byte may have.
  let initrdAddressMax: UInt64
  /// Where a kernel may lie that can be loaded anywhere: a multiple of this.
  let kernelAlignment: UInt64
  /// Whether the kernel can be loaded elsewhere.
  public let isRelocatable: Bool
  /// Whether there is a 64-bit entry, 0x200 bytes into the kernel (XLF_KERNEL_64).
  public let has64BitEntry: Bool
  /// The longest command line in bytes, without its NUL.
  public let maximumCommandLine: Int
  /// Where the kernel wants to be; nil if it does not say.
  let preferredAddress: UInt64?
  /// Bytes that the kernel needs from where it runs, until it knows the memory map.
  let initSize: UInt64
  /// The kernel's version string; nil if it has none.
  public let kernelVersion: String?
  /// The header's own bytes, from file offset 0x1F1 on, for the zero page.
  let bytes: [UInt8]

  /// - Parameters:
  ///   - start: The file's first bytes, ``extent`` of them, or all of a shorter file.
  ///   - file: What it belongs to.
  init(_ start: [UInt8], of file: ImageFile) throws(VMMError) {
    let fields = SetupFields(start)
    func fail(_ complaint: String) -> VMMError {
      VMMError(.image, "image \(file.name): \(complaint)")
    }
    guard start.count >= SetupFields.endOfVersion206,
      fields.bootFlag == SetupFields.expectedBootFlag,
      fields.signature == SetupFields.expectedSignature
    else { throw fail("has no Linux setup header, or only a part of it; is the file complete?") }
    version = fields.version
    guard version >= Self.minimumVersion else {
      throw fail(
        "its boot protocol \(Self.text(of: version)) is older than 2.06; use Linux 2.6.22 or newer")
    }
    let neededEnd =
      version >= 0x020A ? SetupFields.endOfVersion20A : SetupFields.endOfVersion206
    guard fields.end >= neededEnd, fields.end <= start.count else {
      throw fail(
        "its setup header ends at \(fields.end.hexadecimal), too early for boot protocol "
          + "\(Self.text(of: version)); is the file complete?")
    }
    guard fields.loadFlags & SetupFields.loadedHigh != 0 else {
      throw fail("is a zImage, which is loaded below 1 MiB; make a bzImage of it")
    }
    setupSize = (fields.setupSectors + 1) * 512
    guard setupSize < file.size else {
      throw fail(
        "its \(setupSize) bytes of setup code leave nothing of the file's \(file.size); "
          + "is the file complete?")
    }
    // A signature behind the kernel is not counted; the last paragraph may be incomplete.
    let told = fields.kernelParagraphs * 16
    let rest = file.size - setupSize
    guard told > 0, told - 15 <= rest else {
      throw fail(
        "its header tells of \(told) bytes of kernel, and the file has \(rest); is it complete?")
    }
    kernelSize = min(told, rest)
    code32Start = fields.code32Start
    initrdAddressMax = fields.initrdAddressMax
    maximumCommandLine = fields.commandLineSize
    kernelAlignment = fields.kernelAlignment
    isRelocatable = fields.isRelocatable
    has64BitEntry = version >= 0x020C && fields.extendedLoadFlags & SetupFields.kernel64 != 0
    preferredAddress = version >= 0x020A ? fields.preferredAddress : nil
    initSize = max(UInt64(kernelSize), version >= 0x020A ? fields.initSize : 0)
    bytes = Array(start[SetupFields.start..<fields.end])
    kernelVersion = try Self.kernelVersion(in: file, at: fields.kernelVersionOffset, setupSize)
    if has64BitEntry, kernelSize <= LinuxImage.offsetOf64BitEntry {
      throw fail(
        "its kernel of \(kernelSize) bytes has no room for the 64-bit entry that it tells of; "
          + "is the file complete?")
    }
  }

  /// The version as the protocol's description writes it: `2.15`.
  public var versionText: String { Self.text(of: version) }

  static func text(of version: UInt16) -> String {
    let minor = version & 0xFF
    return "\(version >> 8).\(minor < 10 ? "0" : "")\(minor)"
  }

  /// The string at `offset` in the setup code, as far as a terminal can show it.
  private static func kernelVersion(
    in file: ImageFile, at offset: Int, _ setupSize: Int
  ) throws(VMMError) -> String? {
    guard offset > 0, case let start = offset + 0x200, start < setupSize else { return nil }
    let text = try file.read(min(256, setupSize - start), at: UInt64(start))
      .prefix { (0x20...0x7E).contains($0) }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }
}

/// The fields as they lie in the file.
struct SetupFields {
  static let start = 0x1F1
  /// Where the header ends that has the fields of version 2.06, and of 2.10.
  static let endOfVersion206 = 0x23C
  static let endOfVersion20A = 0x264
  static let expectedBootFlag: UInt16 = 0xAA55
  static let expectedSignature: UInt32 = 0x5372_6448  // "HdrS"
  /// loadflags: the protected-mode code is loaded at 0x100000.
  static let loadedHigh: UInt8 = 1 << 0
  /// initrd_addr_max of the versions that do not have it.
  static let defaultInitrdAddressMax: UInt64 = 0x37FF_FFFF
  /// xloadflags: XLF_KERNEL_64.
  static let kernel64: UInt16 = 1 << 0

  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// 0 in the protocol's first versions meant 4.
  var setupSectors: Int { value(0x1F1, UInt8.self) == 0 ? 4 : Int(value(0x1F1, UInt8.self)) }
  var kernelParagraphs: Int { Int(value(0x1F4, UInt32.self)) }
  var bootFlag: UInt16 { value(0x1FE) }
  /// The offset of the jump over the header is where the header ends.
  var end: Int { 0x202 + Int(value(0x201, UInt8.self)) }
  var signature: UInt32 { value(0x202) }
  var version: UInt16 { value(0x206) }
  var kernelVersionOffset: Int { Int(value(0x20E, UInt16.self)) }
  var loadFlags: UInt8 { value(0x211) }
  var code32Start: UInt64 { UInt64(value(0x214, UInt32.self)) }
  var initrdAddressMax: UInt64 { UInt64(value(0x22C, UInt32.self)) }
  var kernelAlignment: UInt64 { UInt64(value(0x230, UInt32.self)) }
  var isRelocatable: Bool { value(0x234, UInt8.self) != 0 }
  var extendedLoadFlags: UInt16 { value(0x236) }
  var commandLineSize: Int { Int(value(0x238, UInt32.self)) }
  var preferredAddress: UInt64 { value(0x258) }
  var initSize: UInt64 { UInt64(value(0x260, UInt32.self)) }

  /// The value at `offset`; 0 beyond the file's end.
  private func value<Value: FixedWidthInteger>(
    _ offset: Int, _: Value.Type = Value.self
  ) -> Value {
    bytes.littleEndian(Value.self, at: offset) ?? 0
  }
}
