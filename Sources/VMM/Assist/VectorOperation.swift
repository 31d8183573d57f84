/// An operation on two vectors: the target, and the source. Pure.
struct VectorOperation {
  private let mnemonic: Mnemonic
  private let immediate: UInt8

  /// nil for what is no such operation.
  init?(_ mnemonic: Mnemonic, immediate: UInt8) {
    guard mnemonic.rawValue >= Mnemonic.pand.rawValue else { return nil }
    self.mnemonic = mnemonic
    self.immediate = immediate
  }

  func callAsFunction(_ target: Vector128, _ source: Vector128) -> Vector128 {
    switch mnemonic {
    case .pand, .andps, .andpd: eachHalf(target, source, &)
    case .pandn, .andnps, .andnpd: eachHalf(target, source) { ~$0 & $1 }
    case .por, .orps, .orpd: eachHalf(target, source, |)
    case .pxor, .xorps, .xorpd: eachHalf(target, source, ^)
    case .paddb: eachElement(target, source, size: 1, &+)
    case .paddw: eachElement(target, source, size: 2, &+)
    case .paddd: eachElement(target, source, size: 4, &+)
    case .paddq: eachHalf(target, source, &+)
    case .psubb: eachElement(target, source, size: 1, &-)
    case .psubw: eachElement(target, source, size: 2, &-)
    case .psubd: eachElement(target, source, size: 4, &-)
    case .psubq: eachHalf(target, source, &-)
    case .punpcklbw: interleave(target, source, size: 1)
    case .punpcklwd: interleave(target, source, size: 2)
    case .punpckldq: interleave(target, source, size: 4)
    case .punpcklqdq: Vector128(low: target.low, high: source.low)
    case .punpckhqdq: Vector128(low: target.high, high: source.high)
    case .pshufd: shuffle(low: source, high: source)
    default: shuffle(low: target, high: source)  // SHUFPS
    }
  }

  private func eachHalf(
    _ target: Vector128, _ source: Vector128, _ operation: (UInt64, UInt64) -> UInt64
  ) -> Vector128 {
    Vector128(
      low: operation(target.low, source.low), high: operation(target.high, source.high))
  }

  /// The operation on elements of `size` bytes; what overflows is cut off.
  private func eachElement(
    _ target: Vector128, _ source: Vector128, size: Int, _ operation: (UInt64, UInt64) -> UInt64
  ) -> Vector128 {
    let mask = AssistedProcessor.mask(bytes: size)
    return eachHalf(target, source) { target, source in
      stride(from: UInt64(0), to: 64, by: 8 * size).reduce(0) { result, shift in
        result | (operation(target >> shift & mask, source >> shift & mask) & mask) << shift
      }
    }
  }

  /// The low halves' elements by turns.
  private func interleave(_ target: Vector128, _ source: Vector128, size: Int) -> Vector128 {
    let (target, source) = (target.bytes(8), source.bytes(8))
    return Vector128(
      stride(from: 0, to: 8, by: size).flatMap {
        target[$0..<$0 + size] + source[$0..<$0 + size]
      })
  }

  /// Two words of `low` and two of `high`, which the immediate selects.
  private func shuffle(low: Vector128, high: Vector128) -> Vector128 {
    let (low, high) = (low.bytes(), high.bytes())
    return Vector128(
      (0..<4).flatMap { position in
        let word = Int(immediate >> UInt8(2 * position) & 3)
        return (position < 2 ? low : high)[4 * word..<4 * word + 4]
      })
  }
}
