import CKVM
import SystemPackage

/// The self-description at the start of a statistics file: header, name, descriptors.
struct StatisticsLayout {
  let objectName: String
  let descriptors: [BinaryStatistics.Descriptor]
  let dataOffset: Int

  init(descriptor: Int32) throws(KVMError) {
    let size = MemoryLayout<kvm_stats_header>.size
    let header = try unsafe Self.read(descriptor, count: size, at: 0).withUnsafeBytes {
      unsafe $0.loadUnaligned(as: kvm_stats_header.self)
    }
    let nameSize = Int(header.name_size)
    objectName = Self.text(try Self.read(descriptor, count: nameSize, at: Int(header.id_offset)))
    // A descriptor is the fixed part and the name, padded to `name_size`.
    let fixed = MemoryLayout<kvm_stats_desc>.size
    let stride = fixed + nameSize
    let table = try Self.read(
      descriptor, count: stride * Int(header.num_desc), at: Int(header.desc_offset))
    descriptors = (0..<Int(header.num_desc)).map { index in
      let raw = unsafe table.withUnsafeBytes {
        unsafe $0.loadUnaligned(fromByteOffset: index * stride, as: kvm_stats_desc.self)
      }
      let name = table[(index * stride + fixed)..<((index + 1) * stride)]
      return BinaryStatistics.Descriptor(raw, name: Self.text(name))
    }
    dataOffset = Int(header.data_offset)
  }

  /// Reads exactly `count` bytes.
  static func read(_ descriptor: Int32, count: Int, at offset: Int) throws(KVMError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let result = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe buffer.baseAddress.map { base in
          unsafe ckvm_pread(descriptor, base + done, count - done, offset + done)
        } ?? 0
      }
      guard result > 0 else {
        throw KVMError(
          operation: "pread(statistics)", errno: Errno(rawValue: Int32(clamping: 0 - result)),
          detail: result == 0 ? "the file ends at \(offset + done)" : nil)
      }
      done += result
    }
    return bytes
  }

  /// The text before the terminating zero.
  private static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension BinaryStatistics.Descriptor {
  init(_ raw: kvm_stats_desc, name: String) {
    self.name = name
    kind = .init(rawValue: raw.flags & UInt32(KVM_STATS_TYPE_MASK)) ?? .other
    unit = .init(rawValue: raw.flags >> UInt32(KVM_STATS_UNIT_SHIFT) & 0xF) ?? .other
    radix = raw.flags >> UInt32(KVM_STATS_BASE_SHIFT) & 0xF == 0 ? 10 : 2
    exponent = Int(raw.exponent)
    valueCount = Int(raw.size)
    bucketSize = raw.bucket_size
    offset = Int(raw.offset)
  }
}
