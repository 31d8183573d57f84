import CKVM
import KVM

/// A call of the BIOS and what it returned, as a trace shows it.
struct BIOSCallRecord: CustomStringConvertible {
  private let vector: UInt8
  private let before: State
  private let after: State
  private let carry: Bool
  private let isUnsupported: Bool

  /// The registers in which calls take and return something.
  private struct State {
    let ax: UInt16
    let bx: UInt16
    let cx: UInt16
    let dx: UInt16
    let si: UInt16
    let di: UInt16
    let bp: UInt16
    let ds: UInt16
    let es: UInt16

    init(_ call: BIOSCall) {
      ax = call.ax
      bx = call.bx
      cx = call.cx
      dx = call.dx
      si = call.si
      di = call.di
      bp = call.bp
      ds = call.ds
      es = call.es
    }

    var named: [(name: String, value: UInt16)] {
      [
        ("ax", ax), ("bx", bx), ("cx", cx), ("dx", dx), ("si", si), ("di", di), ("bp", bp),
        ("ds", ds), ("es", es),
      ]
    }
  }

  init(before: BIOSCall, after: BIOSCall) {
    vector = before.vector
    self.before = State(before)
    self.after = State(after)
    carry = after.carry
    isUnsupported = after.isUnsupported
  }

  /// The interrupt, all registers before, those that have changed, and the carry flag.
  var description: String {
    func text(_ registers: [(name: String, value: UInt16)]) -> String {
      registers.map { " \($0.name)=\($0.value.hexadecimal(digits: 4).dropFirst(2))" }.joined()
    }
    let changed = zip(before.named, after.named).filter { $0.value != $1.value }.map { $1 }
    return "int \(vector.hexadecimal(digits: 2))\(text(before.named)) ->\(text(changed))"
      + " cf=\(carry ? 1 : 0)" + (isUnsupported ? " unsupported" : "")
  }
}
