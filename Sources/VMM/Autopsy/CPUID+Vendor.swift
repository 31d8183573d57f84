import KVM

extension CPUID {
  /// Whether the host's processor is AMD's or Hygon's, of which KVM resets the registers at a
  /// shutdown, because its VMCB is undefined then (APM volume 2, section 15.14.3).
  var vendorResetsAtShutdown: Bool {
    guard let leaf = self[function: 0] else { return false }
    let bytes = [leaf.ebx, leaf.edx, leaf.ecx].flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    return ["AuthenticAMD", "HygonGenuine"].contains(String(decoding: bytes, as: UTF8.self))
  }
}
