import CKVM
import KVM

/// Guest memory at linear addresses, with all of paging's protection.
///
/// Intel SDM volume 3, section 5.6 (access rights), 5.7 (page faults), 5.8 (accessed and dirty flags).
struct GuestAccess {
  enum Kind {
    case read, write, execute
  }

  /// Who accesses.
  enum Privilege {
    /// CPL 3.
    case user
    /// CPL 0 to 2.
    case supervisor
    /// The processor itself, in its tables, at any CPL.
    case system
  }

  /// A part of an access that lies in one page.
  private struct Part {
    let physical: UInt64
    let count: Int
  }

  private static let pageSize: UInt64 = 4096

  let special: SpecialRegisters
  /// RFLAGS.AC, by which supervisor code may use user pages although SMAP is on.
  let alignmentCheck: Bool
  let memory: AssistMemory

  /// `count` bytes at `linear`; at most a few hundred.
  func read(
    _ count: Int, at linear: UInt64, as privilege: Privilege, _ kind: Kind = .read
  ) throws(Interruption) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in try parts(count, at: linear, kind, as: privilege) {
      guard let found = memory.read(part.count, at: part.physical) else { throw .unsupported }
      bytes += found
    }
    return bytes
  }

  /// The little-endian number of `size` bytes at `linear`.
  func readInteger(
    _ size: Int, at linear: UInt64, as privilege: Privilege
  ) throws(Interruption) -> UInt64 {
    try read(size, at: linear, as: privilege).littleEndian
  }

  /// Stores `bytes` at `linear`. Either all of them or, when it throws, none.
  func write(
    _ bytes: [UInt8], at linear: UInt64, as privilege: Privilege
  ) throws(Interruption) {
    let parts = try parts(bytes.count, at: linear, .write, as: privilege)
    for part in parts where !memory.contains(part.count, at: part.physical) {
      throw .unsupported
    }
    var rest = bytes[...]
    for part in parts {
      _ = memory.write(Array(rest.prefix(part.count)), at: part.physical)
      rest = rest.dropFirst(part.count)
    }
  }

  /// Replaces the 16 bytes at `linear`, a multiple of 16, by `desired` if they are `expected`.
  ///
  /// - Returns: What was there.
  func compareExchange(
    _ expected: Vector128, _ desired: Vector128, at linear: UInt64, as privilege: Privilege
  ) throws(Interruption) -> Vector128 {
    let parts = try parts(16, at: linear, .write, as: privilege)
    guard let part = parts.first, part.count == 16,
      let found = memory.ram.compareExchange16(
        expected: expected, desired: desired, at: GuestAddress(part.physical))
    else { throw .unsupported }
    return found
  }

  /// Checks an access of `count` bytes as the access would, and does nothing else.
  func probe(
    _ count: Int, at linear: UInt64, _ kind: Kind, as privilege: Privilege
  ) throws(Interruption) {
    _ = try parts(count, at: linear, kind, as: privilege)
  }

  private func parts(
    _ count: Int, at linear: UInt64, _ kind: Kind, as privilege: Privilege
  ) throws(Interruption) -> [Part] {
    let isLong = special.efer & ControlRegister.longModeActive != 0
    var parts: [Part] = []
    var done = 0
    while done < count {
      // 32-bit linear addresses wrap.
      let next = (linear &+ UInt64(done)) & (isLong ? .max : 0xFFFF_FFFF)
      let length = min(count - done, Int(Self.pageSize - next % Self.pageSize))
      parts.append(Part(physical: try translate(next, kind, as: privilege), count: length))
      done += length
    }
    return parts
  }

  /// The physical address behind `linear`, whose entries are marked as used.
  private func translate(
    _ linear: UInt64, _ kind: Kind, as privilege: Privilege
  ) throws(Interruption) -> UInt64 {
    let walk = PageWalk(linear, special, in: memory.ram)
    switch walk.outcome {
    case .unpaged(let physical): return physical
    case .mapped(let physical, _):
      let rights = Rights(walk, special)
      guard !rights.hasKey else { throw .unsupported }
      guard rights.allow(kind, privilege, special, alignmentCheck: alignmentCheck) else {
        throw pageFault(linear, kind, privilege, isPresent: true)
      }
      try mark(walk, isWrite: kind == .write)
      return physical
    case .notPresent: throw pageFault(linear, kind, privilege, isPresent: false)
    case .reservedBits: throw pageFault(linear, kind, privilege, isPresent: true, isReserved: true)
    case .notCanonical: throw .generalProtection()
    case .tableOutsideRAM: throw .unsupported
    }
  }

  private func pageFault(
    _ linear: UInt64, _ kind: Kind, _ privilege: Privilege, isPresent: Bool,
    isReserved: Bool = false
  ) -> Interruption {
    var code: UInt32 = isPresent ? 1 : 0
    if kind == .write { code |= 1 << 1 }
    if privilege == .user { code |= 1 << 2 }
    if isReserved { code |= 1 << 3 }
    let tellsFetches =
      special.cr4 & ControlRegister.supervisorExecutionPrevention != 0
      || special.efer & ControlRegister.noExecuteEnable != 0
        && special.cr4 & ControlRegister.physicalAddressExtension != 0
    if kind == .execute, tellsFetches { code |= 1 << 4 }
    return .fault(Fault(.pageFault, code, address: linear))
  }

  // MARK: Accessed and dirty

  private static let accessed: UInt64 = 1 << 5
  private static let dirty: UInt64 = 1 << 6

  /// Sets the accessed flags of a walk's entries, and the last one's dirty flag for a write.
  private func mark(_ walk: PageWalk, isWrite: Bool) throws(Interruption) {
    for (index, entry) in walk.entries.enumerated() where !walk.isPointerOnly(index) {
      let isLast = index == walk.entries.count - 1
      let wanted = entry.value | Self.accessed | (isLast && isWrite ? Self.dirty : 0)
      guard wanted != entry.value else { continue }
      // Both flags are in the entry's first word, as is its present flag.
      let isDone = memory.ram.compareExchange(
        expected: UInt32(truncatingIfNeeded: entry.value),
        desired: UInt32(truncatingIfNeeded: wanted), at: GuestAddress(entry.address))
      guard isDone else { throw .contended }
    }
  }
}

extension PageWalk {
  /// Whether the entry has neither rights nor flags: a PDPTE of PAE paging.
  fileprivate func isPointerOnly(_ index: Int) -> Bool {
    index == 0 && entries[index].name == "PDPTE"
  }
}

/// What a walk's entries allow together.
private struct Rights {
  var isUser = true
  var isWritable = true
  var isExecutable = true
  /// Whether a protection key governs the page, which the assist leaves out.
  var hasKey = false

  init(_ walk: PageWalk, _ special: SpecialRegisters) {
    for (index, entry) in walk.entries.enumerated() where !walk.isPointerOnly(index) {
      if entry.value & 1 << 1 == 0 { isWritable = false }
      if entry.value & 1 << 2 == 0 { isUser = false }
      if entry.value >> 63 != 0 { isExecutable = false }
    }
    let keys = isUser ? ControlRegister.protectionKeys : ControlRegister.supervisorProtectionKeys
    hasKey = special.cr4 & keys != 0 && (walk.entries.last?.value ?? 0) >> 59 & 0xF != 0
  }

  func allow(
    _ kind: GuestAccess.Kind, _ privilege: GuestAccess.Privilege, _ special: SpecialRegisters,
    alignmentCheck: Bool
  ) -> Bool {
    if privilege == .user {
      guard isUser else { return false }
    } else if isUser {
      let isPrevented =
        kind == .execute
        ? special.cr4 & ControlRegister.supervisorExecutionPrevention != 0
        : special.cr4 & ControlRegister.supervisorAccessPrevention != 0
          && !(alignmentCheck && privilege == .supervisor)
      if isPrevented { return false }
    }
    switch kind {
    case .read: return true
    case .write:
      let isProtected = privilege == .user || special.cr0 & ControlRegister.writeProtect != 0
      return isWritable || !isProtected
    case .execute: return isExecutable
    }
  }
}
