import Glibc
import Synchronization

/// What every object of a virtual machine keeps alive: the VM descriptor and the guest's memory.
///
/// A mapping must outlive all kernel objects that can reach it. If a region were unmapped under a
/// live slot, the guest would see whatever the process maps there next. So slots, vCPUs and rings
/// hold this handle, and this handle holds the regions.
final class VirtualMachineHandle: Sendable {
  let descriptor: Int32

  /// The size in bytes of the mapping shared by a vCPU and the kernel.
  let vcpuMappingSize: Int

  /// The regions behind the slots in use, by slot index.
  let regions = Mutex<[UInt16: MemoryRegion]>([:])

  /// The size in bytes of each vCPU's dirty ring; 0 until the ring is enabled.
  let dirtyRingByteCount = Atomic<Int>(0)

  init(descriptor: Int32, vcpuMappingSize: Int) {
    self.descriptor = descriptor
    self.vcpuMappingSize = vcpuMappingSize
  }

  deinit {
    // Before the regions go: fields are released after this body.
    close(descriptor)
  }
}
