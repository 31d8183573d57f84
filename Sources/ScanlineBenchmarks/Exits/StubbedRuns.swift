import CKVM
import CReferenceLoop
import KVM
import VMM

/// Exits without a kernel: a stub fills the run page, so that what is left is user space's part.
@safe
final class StubbedRuns {
  private let stub: UnsafeMutablePointer<reference_stub>

  init() {
    unsafe stub = .allocate(capacity: 1)
    unsafe stub.initialize(to: reference_stub())
  }

  deinit {
    unsafe stub.deallocate()
  }

  /// The stub's first member.
  private var page: UnsafeMutablePointer<kvm_run> {
    unsafe UnsafeMutableRawPointer(stub).assumingMemoryBound(to: kvm_run.self)
  }

  /// Seconds for `count` exits in the machine's own loop.
  func run(_ loop: ExitLoop, port: UInt16, count: Int) throws -> Double {
    unsafe reference_stub_prepare(stub, port, UInt64(count))
    return try duration {
      guard case .halt = try unsafe loop.run(page: page, enter: reference_stub_run) else {
        throw BenchmarkError("the stubbed guest did not halt")
      }
    }
  }

  /// Seconds for `count` exits in the C reference loop.
  func runReference(port: UInt16, count: Int) throws -> Double {
    unsafe reference_stub_prepare(stub, port, UInt64(count))
    var serial = reference_serial()
    serial.fd = -1
    return try duration {
      guard unsafe reference_loop(Int32(REFERENCE_STUBBED_VCPU), page, &serial) == 0 else {
        throw BenchmarkError("the stubbed guest of the C loop did not halt")
      }
    }
  }
}
