import Testing

@testable import KVM

@Suite("Capability names", .timeLimit(.minutes(5)))
struct CapabilityTests {
  @Test(arguments: [
    (Capability.irqchip, 0, "KVM_CAP_IRQCHIP"), (.userMemory, 3, "KVM_CAP_USER_MEMORY"),
    (.immediateExit, 136, "KVM_CAP_IMMEDIATE_EXIT"),
    (.manualDirtyLogProtect2, 168, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2"),
    (.dirtyLogRingAcquireRelease, 223, "KVM_CAP_DIRTY_LOG_RING_ACQ_REL"),
    (.memoryFaultInfo, 232, "KVM_CAP_MEMORY_FAULT_INFO"),
  ])
  func `a capability has the kernel's number and name`(
    capability: Capability, number: UInt32, name: String
  ) {
    #expect(capability.rawValue == number)
    #expect(capability.description == name)
  }

  @Test func `an unknown capability is described by its number`() {
    #expect(Capability(rawValue: 9999).description == "KVM_CAP_9999")
  }

  @Test func `numbers and names are unique, and in order`() {
    let known = Capability.allKnown
    #expect(known.map(\.rawValue) == known.map(\.rawValue).sorted())
    #expect(Set(known).count == known.count)
    #expect(Set(known.map(\.description)).count == known.count)
  }
}
