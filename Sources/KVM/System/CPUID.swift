public import CKVM

/// What the CPUID instruction answers in a guest: a table of leaves.
///
/// Take ``Hypervisor/supportedCPUID()``, change what the guest should see differently, and give it
/// to ``VCPU/setCPUID(_:)``.
public struct CPUID: Sendable, Equatable {
  /// One leaf or subleaf and its four result registers.
  public typealias Entry = kvm_cpuid_entry2

  /// The kernel's own limit for a table (`KVM_MAX_CPUID_ENTRIES`).
  public static let maximumEntryCount = 256

  /// The table, in the kernel's order.
  public var entries: [Entry]

  /// A table of the given entries.
  public init(entries: [Entry] = []) { self.entries = entries }

  /// The entry of a leaf, or nil if there is none.
  ///
  /// - Parameters:
  ///   - function: The leaf: EAX of the instruction.
  ///   - index: The subleaf: ECX of the instruction; ignored by leaves that have no subleaves.
  public subscript(function function: UInt32, index index: UInt32 = 0) -> Entry? {
    get { entries.first { $0.answers(function: function, index: index) } }
    set {
      let position = entries.firstIndex { $0.answers(function: function, index: index) }
      switch (position, newValue) {
      case (let position?, let entry?): entries[position] = entry
      case (let position?, nil): entries.remove(at: position)
      case (nil, let entry?): entries.append(entry)
      case (nil, nil): break
      }
    }
  }

  public static func == (lhs: CPUID, rhs: CPUID) -> Bool {
    lhs.entries.elementsEqual(rhs.entries) { $0.words == $1.words }
  }

  /// The kernel's `kvm_cpuid2` with room for `capacity` entries, and `nent` set to it.
  static func makeArray(capacity: Int) -> FlexibleArray<kvm_cpuid2, Entry> {
    var header = kvm_cpuid2()
    header.nent = UInt32(clamping: capacity)
    return unsafe FlexibleArray(header, capacity: capacity) { unsafe ckvm_cpuid_entries($0) }
  }
}

extension kvm_cpuid_entry2 {
  /// Whether the entry is the answer to this leaf and subleaf.
  fileprivate func answers(function: UInt32, index: UInt32) -> Bool {
    guard self.function == function else { return false }
    return flags & UInt32(KVM_CPUID_FLAG_SIGNIFCANT_INDEX) == 0 || self.index == index
  }

  fileprivate var words: [UInt32] { [function, index, flags, eax, ebx, ecx, edx] }
}
