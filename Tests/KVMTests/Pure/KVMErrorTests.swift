import SystemPackage
import Testing

@testable import KVM

@Suite("What errors say", .timeLimit(.minutes(5)))
struct KVMErrorTests {
  @Test func `an error names the ioctl, the reason and the remedy`() {
    let error = KVMError(operation: "KVM_CREATE_VM", errno: .permissionDenied)
    #expect(error.description == "KVM_CREATE_VM: Permission denied; add yourself to the group kvm")
  }

  @Test func `an error without a known remedy is one clause`() {
    let error = KVMError(operation: "KVM_SET_REGS", errno: .invalidArgument)
    #expect(error.remedy == nil)
    #expect(error.description == "KVM_SET_REGS: Invalid argument")
  }

  @Test func `a missing device says how to get one`() {
    let error = #expect(throws: KVMError.self) { _ = try Hypervisor(path: "/nonexistent/kvm") }
    #expect(
      error?.description == """
        open(/nonexistent/kvm): No such file or directory; \
        load kvm_intel or kvm_amd, and enable virtualization in the firmware
        """)
  }

  @Test func `a file that is no KVM device is refused`() {
    let error = #expect(throws: KVMError.self) { _ = try Hypervisor(path: "/dev/null") }
    #expect(error?.operation == "KVM_GET_API_VERSION")
    #expect(error?.errno == .inappropriateIOCTLForDevice)
    #expect(error?.remedy == "the path does not name a KVM device")
  }

  @Test func `another API version is told in words`() {
    #expect(
      KVMError.apiVersion(11).description
        == "KVM_GET_API_VERSION: the KVM API has version 11, not 12; update the kernel")
  }

  @Test func `a missing capability is named`() {
    let error = KVMError.missing(.coalescedPIO, for: "KVM_REGISTER_COALESCED_MMIO")
    #expect(error.errno == .notSupported)
    #expect(error.description.contains("this host's KVM lacks KVM_CAP_COALESCED_PIO"))
  }

  @Test func `a refused argument has no remedy but its detail`() {
    let error = KVMError.invalidArgument("mmap", "5 bytes are too few")
    #expect(error.errno == .invalidArgument)
    #expect(error.description == "mmap: 5 bytes are too few")
  }
}
