import CKVM
import KVM

extension SpecialRegisters {
  /// Loads `segment` into DS, ES, FS, GS and SS.
  mutating func loadDataSegments(_ segment: Segment) {
    ds = segment
    es = segment
    fs = segment
    gs = segment
    ss = segment
  }
}
