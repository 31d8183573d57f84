import CKVM
import Glibc
public import SystemPackage

/// The `/dev/kvm` handle: asks what the host can do and makes virtual machines.
///
/// ```swift
/// let hypervisor = try Hypervisor()
/// let machine = try hypervisor.makeVirtualMachine()
/// ```
///
/// The handle may be used from any thread; virtual machines outlive it.
public struct Hypervisor: ~Copyable, Sendable {
  let descriptor: Int32

  /// Opens the KVM device and checks that it speaks version 12 of the API.
  ///
  /// The corresponding ioctl is `KVM_GET_API_VERSION`. See KVM API section 4.1.
  ///
  /// - Parameter path: The device, opened for reading and writing, closed on exec.
  /// - Throws: ``KVMError`` of `open(path)` or `KVM_GET_API_VERSION`, with what to do about it.
  public init(path: FilePath = "/dev/kvm") throws(KVMError) {
    let descriptor = unsafe path.withPlatformString { unsafe ckvm_open($0) }
    guard descriptor >= 0 else {
      throw KVMError(operation: "open(\(path))", errno: Errno(rawValue: 0 &- descriptor))
    }
    do throws(KVMError) {
      let version = try Request.getAPIVersion.call(descriptor)
      guard version == KVM_API_VERSION else { throw .apiVersion(version) }
    } catch {
      close(descriptor)
      throw error
    }
    self.init(descriptor: descriptor)
  }

  /// Takes ownership of an open descriptor, unchecked.
  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// What the host has of a feature: 0 when absent, otherwise 1 or a value that the capability
  /// defines.
  ///
  /// The corresponding ioctl is `KVM_CHECK_EXTENSION`. See KVM API section 4.4.
  public func checkExtension(_ capability: Capability) -> Int {
    Int(max(0, ckvm_ioctl(descriptor, CKVM_CHECK_EXTENSION, UInt(capability.rawValue))))
  }

  /// The size in bytes of the memory that a vCPU shares with the kernel.
  ///
  /// The corresponding ioctl is `KVM_GET_VCPU_MMAP_SIZE`. See KVM API section 4.5.
  public func vcpuMappingSize() throws(KVMError) -> Int {
    Int(try Request.getVCPUMmapSize.call(descriptor))
  }

  /// Makes a virtual machine without vCPUs, memory or devices.
  ///
  /// The corresponding ioctl is `KVM_CREATE_VM`. See KVM API section 4.2.
  public func makeVirtualMachine() throws(KVMError) -> VirtualMachine {
    let mappingSize = try vcpuMappingSize()
    let vm = try Request.createVM.call(descriptor)
    return VirtualMachine(
      handle: VirtualMachineHandle(descriptor: vm, vcpuMappingSize: mappingSize))
  }
}
