/// An index register, and the registers that it selects for a data port: what the VGA's sequencer,
/// graphics controller, CRT controller and attribute controller have in common. A register that does
/// not exist reads 0 and ignores writes, and so do the bits that a register does not have.
struct VGARegisterFile: Sendable {
  /// The bits that each register has.
  private let masks: [UInt8]
  /// The bits that the index has.
  private let indexMask: UInt8
  private var values: [UInt8]

  /// The register that the data port accesses.
  var index: UInt8 = 0 {
    didSet { index &= indexMask }
  }

  init(masks: [UInt8], indexMask: UInt8) {
    self.masks = masks
    self.indexMask = indexMask
    values = [UInt8](repeating: 0, count: masks.count)
  }

  subscript(register: Int) -> UInt8 {
    get { values.indices.contains(register) ? values[register] : 0 }
    set {
      guard values.indices.contains(register) else { return }
      values[register] = newValue & masks[register]
    }
  }

  /// What the data port reads.
  var data: UInt8 { self[Int(index)] }
}
