import CKVM
import KVM

/// XSAVE, XSAVEOPT, XSAVEC and XRSTOR. Intel SDM volume 1, sections 13.7 to 13.10.
extension AssistedProcessor {
  private static let x87: UInt64 = 1 << 0
  private static let sse: UInt64 = 1 << 1
  private static let avx: UInt64 = 1 << 2
  private static let compacted: UInt64 = 1 << 63
  private static let headerOffset: UInt64 = 512
  private static let headerSize = 64

  mutating func executeXSave(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    guard special.cr4 & ControlRegister.osXSAVE != 0,
      mnemonic != .xsaveopt || features.xsaveopt, mnemonic != .xsavec || features.xsavec
    else { throw .invalidOpcode }
    if special.cr0 & ControlRegister.taskSwitched != 0 { throw .deviceNotAvailable }
    guard let state = extended else { throw .unsupported }
    let requested =
      extendedControl & (registers.rax & 0xFFFF_FFFF | (registers.rdx & 0xFFFF_FFFF) << 32)
    let address = try linearAddress(
      instruction, size: 576, isWrite: mnemonic != .xrstor, alignment: 64)
    if mnemonic == .xrstor {
      extended = try restored(state, requested, from: address)
    } else {
      try save(state, requested, at: address, mnemonic, isWide: instruction.isWide)
    }
  }

  // MARK: Saving

  private func save(
    _ state: ExtendedState, _ requested: UInt64, at address: UInt64, _ mnemonic: Mnemonic,
    isWide: Bool
  ) throws(Interruption) {
    var inUse = UInt64(state.componentsInUse) & requested
    let isCompacted = mnemonic == .xsavec
    if isCompacted, requested & Self.sse != 0, state.mxcsr != ExtendedState.initialMXCSR {
      inUse |= Self.sse
    }
    // XSAVE alone writes what is in its initial state.
    let written = mnemonic == .xsave ? requested : inUse
    var pieces: [(offset: Int, bytes: [UInt8])] = []
    if written & Self.x87 != 0 {
      pieces.append((0, state.x87Header(isWide: isWide)))
      pieces.append((32, state.bytes(32..<160)))
    }
    let hasMXCSR = isCompacted ? written & Self.sse : requested & (Self.sse | Self.avx)
    if hasMXCSR != 0 { pieces.append((24, state.bytes(24..<32))) }
    if written & Self.sse != 0 { pieces.append((160, state.bytes(160..<416))) }
    let sources = features.components.filter { requested & $0.bit != 0 }
    let places =
      isCompacted ? StateComponent.compacted(sources, format: requested) : sources
    for (place, source) in zip(places, sources) where written & place.bit != 0 {
      pieces.append((place.offset, state.bytes(source.offset..<source.offset + source.size)))
    }
    var header = inUse.littleEndianBytes(8)
    if isCompacted {
      header += (requested | Self.compacted).littleEndianBytes(8)
    } else {
      let old = try guest.readInteger(8, at: address &+ Self.headerOffset, as: privilege)
      header = (old & ~requested | inUse).littleEndianBytes(8)
    }
    pieces.append((Int(Self.headerOffset), header))
    for piece in pieces {
      try guest.probe(
        piece.bytes.count, at: address &+ UInt64(piece.offset), .write, as: privilege)
    }
    for piece in pieces {
      try guest.write(piece.bytes, at: address &+ UInt64(piece.offset), as: privilege)
    }
  }

  // MARK: Restoring

  private func restored(
    _ state: ExtendedState, _ requested: UInt64, from address: UInt64
  ) throws(Interruption) -> ExtendedState {
    let header = try guest.read(
      Self.headerSize, at: address &+ Self.headerOffset, as: privilege)
    let present = header.littleEndian
    let format = header.dropFirst(8).littleEndian
    let isCompacted = format & Self.compacted != 0
    let isValid =
      isCompacted
      ? features.xsavec && format & ~Self.compacted & ~extendedControl == 0
        && present & ~format == 0 && header.dropFirst(16).allSatisfy { $0 == 0 }
      : present & ~extendedControl == 0 && header[8..<24].allSatisfy { $0 == 0 }
    guard isValid else { throw .generalProtection() }

    var result = state
    let legacy = try guest.read(416, at: address, as: privilege)
    if requested & Self.x87 != 0 {
      if present & Self.x87 != 0 {
        result.replace(legacy[0..<24], at: 0)
        result.replace(legacy[32..<160], at: 32)
      } else {
        result.replace([UInt8](repeating: 0, count: 128)[...], at: 32)
        result.initializeX87()
      }
    }
    try restoreMXCSR(
      UInt32(truncatingIfNeeded: legacy[24..<28].littleEndian), requested, present,
      isCompacted: isCompacted, &result)
    if requested & Self.sse != 0 {
      let isPresent = present & Self.sse != 0
      result.replace(
        isPresent ? legacy[160..<416] : [UInt8](repeating: 0, count: 256)[...], at: 160)
    }
    let places =
      isCompacted
      ? StateComponent.compacted(features.components, format: format) : features.components
    for component in features.components where requested & component.bit != 0 {
      var bytes = [UInt8](repeating: 0, count: component.size)
      if present & component.bit != 0,
        let place = places.first(where: { $0.number == component.number })
      {
        bytes = try guest.read(
          component.size, at: address &+ UInt64(place.offset), as: privilege)
      }
      result.replace(bytes[...], at: component.offset)
    }
    result.componentsInUse =
      state.componentsInUse & ~UInt32(truncatingIfNeeded: requested)
      | UInt32(truncatingIfNeeded: present & requested)
    return result
  }

  private func restoreMXCSR(
    _ value: UInt32, _ requested: UInt64, _ present: UInt64, isCompacted: Bool,
    _ state: inout ExtendedState
  ) throws(Interruption) {
    if isCompacted {
      guard requested & Self.sse != 0 else { return }
      guard present & Self.sse != 0 else {
        state.mxcsr = ExtendedState.initialMXCSR
        return
      }
    } else if requested & (Self.sse | Self.avx) == 0 {
      return
    }
    guard value & ~state.mxcsrMask == 0 else { throw .generalProtection() }
    state.mxcsr = value
  }
}
