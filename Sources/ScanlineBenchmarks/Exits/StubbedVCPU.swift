import CKVM
import CReferenceLoop
import KVM
import VMM

/// A vCPU without a kernel: a stub fills the run page, so that what is left is user space's part of
/// an exit.
@safe
final class StubbedVCPU: ExitSource {
  private let stub: UnsafeMutablePointer<reference_stub>

  init() {
    unsafe stub = .allocate(capacity: 1)
    unsafe stub.initialize(to: reference_stub())
  }

  deinit {
    unsafe stub.deallocate()
  }

  /// As `VCPU.run()`, but for the system call.
  @inline(__always)
  func run() throws(KVMError) -> VCPUExit {
    let page = unsafe UnsafeMutableRawPointer(stub).assumingMemoryBound(to: kvm_run.self)
    guard unsafe reference_stub_run(page) >= 0 else { return .interrupted }
    return unsafe VCPUExit(decoding: page)
  }

  /// Seconds for `count` exits in the machine's own loop.
  func run(_ loop: ExitLoop, port: UInt16, count: Int) throws -> Double {
    unsafe reference_stub_prepare(stub, port, UInt64(count))
    return try duration {
      guard case .halt = try loop.run(self) else {
        throw BenchmarkError("the stubbed guest did not halt")
      }
    }
  }

  /// Seconds for `count` exits in the C reference loop.
  func runReference(port: UInt16, count: Int) throws -> Double {
    unsafe reference_stub_prepare(stub, port, UInt64(count))
    let page = unsafe UnsafeMutableRawPointer(stub).assumingMemoryBound(to: kvm_run.self)
    var serial = reference_serial()
    serial.fd = -1
    return try duration {
      guard unsafe reference_loop(Int32(REFERENCE_STUBBED_VCPU), page, &serial) == 0 else {
        throw BenchmarkError("the stubbed guest of the C loop did not halt")
      }
    }
  }
}
