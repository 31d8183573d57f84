import SystemPackage

/// What to do about a failed call: the causes that users and VMM authors meet in practice.
enum Remedy {
  static func text(operation: String, errno: Errno) -> String? {
    if operation.hasPrefix("open(") { return opening(errno) }
    switch (operation, errno) {
    case ("KVM_CREATE_VM", .permissionDenied), ("KVM_CREATE_VM", .notPermitted):
      return "add yourself to the group kvm"
    case ("KVM_CREATE_VM", .resourceBusy):
      return "another hypervisor holds the processor's virtualization extension; stop it"
    case ("KVM_GET_API_VERSION", .inappropriateIOCTLForDevice):
      return "the path does not name a KVM device"
    case ("KVM_CREATE_VCPU", .fileExists):
      return "each vCPU needs an id of its own"
    case ("KVM_CREATE_VCPU", .invalidArgument):
      return "the id must be below KVM_CAP_MAX_VCPU_ID, and the count within KVM_CAP_MAX_VCPUS"
    case ("KVM_SET_USER_MEMORY_REGION", .fileExists):
      return "the slot is in use, or its addresses overlap another slot's"
    case ("KVM_SET_USER_MEMORY_REGION", .invalidArgument):
      return "address and size must be multiples of 4096, within the host's physical addresses"
    case ("KVM_GET_DIRTY_LOG", .noSuchFileOrDirectory),
      ("KVM_CLEAR_DIRTY_LOG", .noSuchFileOrDirectory):
      return "the slot does not log dirty pages"
    case ("KVM_GET_DIRTY_LOG", .noSuchAddressOrDevice),
      ("KVM_CLEAR_DIRTY_LOG", .noSuchAddressOrDevice):
      return "the dirty ring is enabled; harvest the ring instead"
    case ("KVM_CREATE_PIT2", .noSuchFileOrDirectory), ("KVM_IRQ_LINE", .noSuchAddressOrDevice),
      ("KVM_GET_IRQCHIP", .noSuchAddressOrDevice), ("KVM_SET_IRQCHIP", .noSuchAddressOrDevice):
      return "make the interrupt controllers first"
    case ("KVM_CREATE_IRQCHIP", .fileExists):
      return "the virtual machine has its interrupt controllers already"
    case ("KVM_SET_CPUID2", .argListTooLong):
      return "pass fewer entries: supportedCPUID() gives as many as the kernel takes"
    case (_, .tooManyOpenFiles):
      return "raise the limit of open files (ulimit -n)"
    case (_, .noMemory):
      return "free memory on the host, or give the guest less"
    default:
      return nil
    }
  }

  private static func opening(_ errno: Errno) -> String? {
    switch errno {
    case .noSuchFileOrDirectory, .noSuchAddressOrDevice, .operationNotSupportedByDevice:
      return "load kvm_intel or kvm_amd, and enable virtualization in the firmware"
    case .permissionDenied, .notPermitted:
      return "add yourself to the group kvm"
    case .tooManyOpenFiles:
      return "raise the limit of open files (ulimit -n)"
    default:
      return nil
    }
  }
}
