/// What the command words do: Intel 8259A datasheet, "Initialization command words" and "Operation
/// command words".
extension PIC8259 {
  mutating func writeCommand(_ value: UInt8) {
    let icw1 = InitializationCommand1(rawValue: value)
    let ocw3 = OperationCommand3(rawValue: value)
    if icw1.contains(.identifier) {
      initialize(icw1)
    } else if ocw3.contains(.identifier) {
      write(ocw3)
    } else if let command = EndOfInterrupt(rawValue: value >> 5) {
      endInterrupt(command, level: value & 7)
    }
  }

  mutating func writeData(_ value: UInt8) {
    switch expected {
    case .icw2:
      vectorBase = value & 0xF8
      expected = icw1.contains(.single) ? expectedAfterICW3 : .icw3
    case .icw3:
      expected = expectedAfterICW3
    case .icw4:
      icw4 = InitializationCommand4(rawValue: value)
        .intersection([.automaticEOI, .specialFullyNested])
      expected = .ocw1
    case .ocw1:
      mask = value
    }
  }

  private var expectedAfterICW3: Expected { icw1.contains(.needsICW4) ? .icw4 : .ocw1 }

  /// ICW1. An input that is high must fall and rise again to request an interrupt by its edge.
  /// The modes of ICW4 end even if an ICW4 is announced, as nobody can tell when it will come.
  private mutating func initialize(_ icw1: InitializationCommand1) {
    self.icw1 = icw1
    icw4 = []
    expected = .icw2
    edges = 0
    inService = 0
    mask = 0
    lowestPriority = 7
    rotatesOnAutomaticEOI = false
    isSpecialMaskMode = false
    readsInService = false
    isPolled = false
  }

  private mutating func endInterrupt(_ command: EndOfInterrupt, level: UInt8) {
    switch command {
    case .rotateInAutomaticEOIClear: rotatesOnAutomaticEOI = false
    case .rotateInAutomaticEOISet: rotatesOnAutomaticEOI = true
    case .noOperation: break
    case .nonSpecific, .rotateOnNonSpecific:
      // "In special mask mode, an IS bit that is masked by an IMR bit will not be cleared."
      let candidates = isSpecialMaskMode ? inService & ~mask : inService
      if candidates == 0 { return }
      let ended = highest(of: candidates)
      inService &= ~Self.bit(ended)
      if command == .rotateOnNonSpecific { lowestPriority = ended }
    case .specific:
      inService &= ~Self.bit(level)
    case .rotateOnSpecific:
      inService &= ~Self.bit(level)
      lowestPriority = level
    case .setPriority:
      lowestPriority = level
    }
  }

  private mutating func write(_ ocw3: OperationCommand3) {
    if ocw3.contains(.enableSpecialMask) { isSpecialMaskMode = ocw3.contains(.specialMask) }
    if ocw3.contains(.readRegister) { readsInService = ocw3.contains(.inService) }
    if ocw3.contains(.poll) { isPolled = true }
  }
}
