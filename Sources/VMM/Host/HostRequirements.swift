public import KVM

/// What every machine needs of the host's KVM.
public enum HostRequirements {
  /// The capabilities without which no machine can be built, with what each is for.
  public static let required: [(capability: Capability, purpose: String)] = [
    (.userMemory, "guest memory"),
    (.setTSSAddress, "real mode on Intel processors"),
    (.setIdentityMapAddress, "real mode on Intel processors"),
    (.extendedCPUID, "telling the guest its processor"),
    (.immediateExit, "stopping a vCPU without a race"),
    (.mpState, "waiting vCPUs"),
  ]

  static func check(_ hypervisor: borrowing Hypervisor) throws(VMMError) {
    for (capability, purpose) in required where hypervisor.checkExtension(capability) == 0 {
      throw VMMError(
        .host,
        "/dev/kvm: this kernel lacks \(capability) (\(purpose)); Linux 4.13 or newer has it")
    }
  }
}
