import CKVM

/// KVM could not go on with the guest: `KVM_EXIT_INTERNAL_ERROR`.
public struct InternalError: Sendable {
  /// `KVM_INTERNAL_ERROR_EMULATION`: an instruction that KVM cannot emulate.
  public static var emulationFailure: UInt32 { UInt32(KVM_INTERNAL_ERROR_EMULATION) }

  /// What happened: ``emulationFailure``, or another `KVM_INTERNAL_ERROR_` value.
  public let suberror: UInt32

  /// How many of the ``data`` words are valid, 0 to 16.
  public let dataCount: Int

  /// Diagnostic words; what they mean depends on ``suberror``.
  public let data: InlineArray<16, UInt64>

  @unsafe
  init(decoding run: UnsafeMutablePointer<kvm_run>) {
    let internalError = unsafe run.pointee.internal
    suberror = internalError.suberror
    dataCount = min(Int(internalError.ndata), 16)
    var data = InlineArray<16, UInt64>(repeating: 0)
    unsafe withUnsafeBytes(of: internalError.data) { words in
      for index in 0..<16 {
        unsafe data[index] = words.load(fromByteOffset: 8 &* index, as: UInt64.self)
      }
    }
    self.data = data
  }

  /// How many bytes of the instruction at RIP are known: 0 to 15.
  ///
  /// KVM reports them for ``emulationFailure`` since Linux 5.14.
  public var instructionByteCount: Int {
    let hasBytes = data[0] & UInt64(KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0
    guard suberror == Self.emulationFailure, dataCount >= 3, hasBytes else { return 0 }
    return min(Int(UInt8(truncatingIfNeeded: data[1])), 15)
  }

  /// Byte `index` of the instruction; 0 past ``instructionByteCount``.
  public func instructionByte(_ index: Int) -> UInt8 {
    guard index >= 0, index < instructionByteCount else { return 0 }
    // The size is the first byte of data[1]; the instruction follows it.
    let position = index + 1
    return UInt8(truncatingIfNeeded: data[1 + position / 8] >> UInt64(position % 8 * 8))
  }

  /// The bytes of the instruction at RIP, as many as are known.
  public var instructionBytes: [UInt8] {
    (0..<instructionByteCount).map(instructionByte)
  }
}
