import CKVM
import SystemPackage

/// A virtual machine: makes vCPUs, memory slots and the in-kernel devices.
///
/// Every call is one ioctl and may be made from any thread; borrow the machine from as many as
/// needed. vCPUs, slots and rings keep the kernel's machine alive on their own.
public struct VirtualMachine: ~Copyable, Sendable {
  let handle: VirtualMachineHandle

  var descriptor: Int32 { handle.descriptor }

  init(handle: VirtualMachineHandle) { self.handle = handle }

  /// What this machine has of a feature: 0 when absent, otherwise 1 or a value that the capability
  /// defines. Some values differ from ``Hypervisor/checkExtension(_:)``.
  ///
  /// The corresponding ioctl is `KVM_CHECK_EXTENSION`. See KVM API section 4.4.
  public func checkExtension(_ capability: Capability) -> Int {
    handle.checkExtension(capability)
  }

  /// Switches an optional feature on.
  ///
  /// The corresponding ioctl is `KVM_ENABLE_CAP`. See KVM API section 4.37, and section 7 for what
  /// flags and arguments mean.
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

  /// Makes a vCPU. The first one fixes several choices: enable capabilities and make the interrupt
  /// controllers before it.
  ///
  /// The corresponding ioctl is `KVM_CREATE_VCPU`. See KVM API section 4.7.
  ///
  /// - Parameter id: The vCPU's number, also its local APIC id; below
  ///   ``Capability/maximumVCPUID``.
  public func makeVCPU(id: UInt32) throws(KVMError) -> VCPU {
    let descriptor = try Request.createVCPU.call(self.descriptor, UInt(id))
    return try VCPU(descriptor: descriptor, id: id, machine: handle)
  }

  /// Says which vCPU starts running; the others wait for INIT and SIPI. Before the first vCPU.
  ///
  /// The corresponding ioctl is `KVM_SET_BOOT_CPU_ID`. See KVM API section 4.41.
  public func setBootCPU(id: UInt32) throws(KVMError) {
    try Request.setBootCPUID.call(descriptor, UInt(id))
  }

  /// Reserves three pages of guest physical memory for the real-mode TSS that Intel hosts need.
  ///
  /// The corresponding ioctl is `KVM_SET_TSS_ADDR`. See KVM API section 4.36.
  ///
  /// - Parameter address: Below 4 GiB, away from slots and devices.
  public func setTSSAddress(_ address: UInt64) throws(KVMError) {
    try Request.setTSSAddress.call(descriptor, UInt(address))
  }

  /// Reserves one page of guest physical memory for the identity page table that Intel hosts need
  /// to run a guest with paging off. Before the first vCPU.
  ///
  /// The corresponding ioctl is `KVM_SET_IDENTITY_MAP_ADDR`. See KVM API section 4.40.
  ///
  /// - Parameter address: Below 4 GiB, away from slots and devices; 0 for the default, 0xFFFBC000.
  public func setIdentityMapAddress(_ address: UInt64) throws(KVMError) {
    try Request.setIdentityMapAddress.call(descriptor, passing: address)
  }
}

extension VirtualMachineHandle {
  func checkExtension(_ capability: Capability) -> Int {
    Int(max(0, ckvm_ioctl(descriptor, CKVM_CHECK_EXTENSION, UInt(capability.rawValue))))
  }
}

extension kvm_enable_cap {
  /// The argument of `KVM_ENABLE_CAP`.
  init(_ capability: Capability, flags: UInt32, arguments: [UInt64]) throws(KVMError) {
    guard arguments.count <= 4 else {
      throw .invalidArgument("KVM_ENABLE_CAP", "\(capability) takes at most 4 arguments")
    }
    self.init()
    cap = capability.rawValue
    self.flags = flags
    let words = arguments + [UInt64](repeating: 0, count: 4 - arguments.count)
    args = (words[0], words[1], words[2], words[3])
  }
}
