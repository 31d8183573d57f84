/// An exception of the processor, by its vector. Intel SDM volume 3, section 7.3.1.
public struct ProcessorException: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  static let divideError = ProcessorException(rawValue: 0)
  static let debug = ProcessorException(rawValue: 1)
  static let breakpoint = ProcessorException(rawValue: 3)
  static let overflow = ProcessorException(rawValue: 4)
  static let invalidOpcode = ProcessorException(rawValue: 6)
  static let deviceNotAvailable = ProcessorException(rawValue: 7)
  static let doubleFault = ProcessorException(rawValue: 8)
  static let invalidTSS = ProcessorException(rawValue: 10)
  static let segmentNotPresent = ProcessorException(rawValue: 11)
  static let stackFault = ProcessorException(rawValue: 12)
  static let generalProtection = ProcessorException(rawValue: 13)
  static let pageFault = ProcessorException(rawValue: 14)
  static let x87FloatingPoint = ProcessorException(rawValue: 16)
  static let alignmentCheck = ProcessorException(rawValue: 17)
  static let vectorFloatingPoint = ProcessorException(rawValue: 19)

  private static let mnemonics: [UInt8: String] = [
    0: "#DE", 1: "#DB", 2: "NMI", 3: "#BP", 4: "#OF", 5: "#BR", 6: "#UD", 7: "#NM", 8: "#DF",
    10: "#TS", 11: "#NP", 12: "#SS", 13: "#GP", 14: "#PF", 16: "#MF", 17: "#AC", 18: "#MC",
    19: "#XM", 20: "#VE", 21: "#CP",
  ]

  /// `#GP`, or the number of a vector that has no name.
  public var name: String { Self.mnemonics[rawValue] ?? "vector \(rawValue)" }
}
