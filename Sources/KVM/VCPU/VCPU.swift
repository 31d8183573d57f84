public import CKVM
import Glibc
import SystemPackage

/// A virtual processor.
///
/// One thread at a time runs it and reads or sets its state; the kernel makes others wait while
/// ``run()`` lasts. Only ``immediateExit`` may be set from anywhere at any time.
///
/// The kernel's object and the page shared with it are released with the value.
@safe
public struct VCPU: ~Copyable, @unchecked Sendable {
  /// The vCPU's number, given to ``VirtualMachine/makeVCPU(id:)``.
  public let id: UInt32

  /// The vCPU's file descriptor, for benchmarks that run the same vCPU by other means.
  @usableFromInline package let descriptor: Int32
  @usableFromInline let page: UnsafeMutablePointer<kvm_run>
  let mappingSize: Int
  let machine: VirtualMachineHandle

  /// Takes ownership of the descriptor, also when it throws.
  init(descriptor: Int32, id: UInt32, machine: VirtualMachineHandle) throws(KVMError) {
    var mapping: UnsafeMutableRawPointer?
    let size = machine.vcpuMappingSize
    let result = unsafe ckvm_map_shared(descriptor, size, 0, &mapping)
    guard result == 0, let mapping = unsafe mapping else {
      close(descriptor)
      throw KVMError(operation: "mmap", errno: Errno(rawValue: 0 &- result))
    }
    unsafe self.init(
      descriptor: descriptor, id: id, machine: machine, mapping: mapping, mappingSize: size)
  }

  /// Takes ownership of the descriptor and of the mapping that holds its `kvm_run`.
  @unsafe
  init(
    descriptor: Int32, id: UInt32, machine: VirtualMachineHandle, mapping: UnsafeMutableRawPointer,
    mappingSize: Int
  ) {
    self.id = id
    self.descriptor = descriptor
    unsafe page = mapping.bindMemory(to: kvm_run.self, capacity: 1)
    self.mappingSize = mappingSize
    self.machine = machine
  }

  deinit {
    unsafe munmap(page, mappingSize)
    close(descriptor)
  }

  /// The structure shared with the kernel, valid as long as the vCPU is. The kernel writes it
  /// during ``run()``.
  @unsafe
  public var runPage: UnsafeMutablePointer<kvm_run> { unsafe page }

  /// Runs the guest until something needs the caller.
  ///
  /// A signal and a vCPU that waits for its start-up interrupt are results, not errors: call again.
  /// The payload of port I/O, MMIO and MSR exits points into the run page; whatever is stored there
  /// reaches the guest at the next call.
  ///
  /// The corresponding ioctl is `KVM_RUN`. See KVM API section 4.10, and section 5 for the exits.
  @inlinable
  public func run() throws(KVMError) -> VCPUExit {
    let result = ckvm_ioctl(descriptor, CKVM_RUN, 0)
    guard result >= 0 else { return try withoutExit(result) }
    return unsafe VCPUExit(decoding: page)
  }

  /// What a failed `KVM_RUN` means.
  @usableFromInline
  func withoutExit(_ result: Int32) throws(KVMError) -> VCPUExit {
    switch Errno(rawValue: 0 &- result) {
    case .interrupted: return .interrupted
    case .resourceTemporarilyUnavailable: return .again
    case .badAddress where unsafe page.pointee.exit_reason == UInt32(KVM_EXIT_MEMORY_FAULT):
      // The one exit that comes with an error number; see KVM API section 5.
      return unsafe VCPUExit(decoding: page)
    default: throw Request.run.error(result)
    }
  }

  /// Makes ``run()`` return ``VCPUExit/interrupted`` at once, before the guest runs.
  ///
  /// Any thread may set it, and then signal the vCPU's thread to end a ``run()`` in progress (with a signal that this thread does not
  /// block, as worker threads of pools do). The
  /// vCPU's thread clears it *before* it looks for what was wanted: then no request is lost. Access
  /// is sequentially consistent. Needs ``Capability/immediateExit``. See KVM API section 5.
  public var immediateExit: Bool {
    get { unsafe ckvm_load_immediate_exit(page) != 0 }
    nonmutating set { unsafe ckvm_store_immediate_exit(page, newValue ? 1 : 0) }
  }

  /// Asks for ``VCPUExit/interruptWindowOpen`` as soon as the guest can take an interrupt.
  ///
  /// For machines without in-kernel interrupt controllers. See KVM API section 5.
  public var requestInterruptWindow: Bool {
    get { unsafe page.pointee.request_interrupt_window != 0 }
    nonmutating set { unsafe page.pointee.request_interrupt_window = newValue ? 1 : 0 }
  }

  /// Whether ``interrupt(vector:)`` would be taken, as of the last exit.
  public var isReadyForInterrupt: Bool {
    unsafe page.pointee.ready_for_interrupt_injection != 0
  }

  /// RFLAGS.IF as of the last exit.
  public var interruptFlag: Bool { unsafe page.pointee.if_flag != 0 }

  /// Switches an optional feature on for this vCPU.
  ///
  /// The corresponding ioctl is `KVM_ENABLE_CAP`. See KVM API section 4.37, and section 6.
  ///
  /// - Parameters:
  ///   - capability: The feature.
  ///   - flags: Flags that the capability defines.
  ///   - arguments: Up to four words; missing ones are 0, more are refused.
  public func enable(
    _ capability: Capability, flags: UInt32 = 0, arguments: UInt64...
  ) throws(KVMError) {
    let request = try kvm_enable_cap(capability, flags: flags, arguments: arguments)
    try Request.enableCapability.call(descriptor, passing: request)
  }
}
