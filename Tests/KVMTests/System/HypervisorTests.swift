import CKVM
import SystemPackage
import Testing

@testable import KVM

@Suite("The /dev/kvm handle and its machines", .needsKVM, .timeLimit(.minutes(5)))
struct HypervisorTests {
  @Test func `the basics are there, and nonsense is not`() throws {
    let hypervisor = try Hypervisor()
    for capability in [Capability.userMemory, .mpState, .setGuestDebug] {
      let value = hypervisor.checkExtension(capability)
      #expect(value > 0, "\(capability)")
    }
    let nonsense = hypervisor.checkExtension(Capability(rawValue: 0xFFFF))
    #expect(nonsense == 0)
    let size = try hypervisor.vcpuMappingSize()
    #expect(size >= MemoryLayout<kvm_run>.size && size.isMultiple(of: 4096))
  }

  @Test func `supported CPUID has a vendor, and leaves with subleaves are told apart`() throws {
    let cpuid = try Hypervisor().supportedCPUID()
    let vendor = try #require(cpuid[function: 0])
    #expect(vendor.ebx != 0)
    #expect(cpuid[function: 0x7FFF_FFFF] == nil)
    let subleaves = cpuid.entries.filter { $0.function == 0xD }
    for entry in subleaves {
      #expect(cpuid[function: 0xD, index: entry.index]?.index == entry.index)
    }
  }

  @Test func `editing CPUID adds, replaces and removes a leaf`() {
    var cpuid = CPUID()
    var entry = CPUID.Entry()
    entry.function = 0x4000_0000
    entry.eax = 1
    cpuid[function: 0x4000_0000] = entry
    entry.eax = 2
    cpuid[function: 0x4000_0000] = entry
    #expect(cpuid.entries.count == 1 && cpuid[function: 0x4000_0000]?.eax == 2)
    #expect(cpuid == CPUID(entries: [entry]))
    cpuid[function: 0x4000_0000] = nil
    cpuid[function: 0x4000_0000] = nil
    #expect(cpuid == CPUID())
  }

  @Test(.needs(.emulatedCPUID))
  func `emulated CPUID can be asked for`() throws {
    #expect(try Hypervisor().emulatedCPUID().entries.count <= CPUID.maximumEntryCount)
  }

  @Test func `the MSR list names EFER's companions once`() throws {
    let list = try Hypervisor().msrIndexList()
    #expect(list.contains(0x174) && list.contains(0x10))  // SYSENTER_CS, TSC
    #expect(Set(list).count == list.count)
  }

  @Test(.needs(.msrFeatures))
  func `the feature MSR list can be asked for`() throws {
    let list = try Hypervisor().msrFeatureIndexList()
    #expect(Set(list).count == list.count)
  }

  @Test func `a vCPU id is given once`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let first = try machine.makeVCPU(id: 3)
    let id = first.id
    #expect(id == 3)
    let error = #expect(throws: KVMError.self) { _ = try machine.makeVCPU(id: 3) }
    #expect(error?.operation == "KVM_CREATE_VCPU" && error?.errno == .fileExists)
    #expect(error?.remedy == "each vCPU needs an id of its own")
    let tooLarge = #expect(throws: KVMError.self) { _ = try machine.makeVCPU(id: .max) }
    #expect(tooLarge?.errno == .invalidArgument)
  }

  @Test func `a vCPU outlives the machine and the hypervisor that made it`() throws {
    func make() throws -> VCPU {
      let machine = try Hypervisor().makeVirtualMachine()
      let memory = try MemoryRegion(size: 4096)
      unsafe memory.bytes[0xFF0] = 0xF4  // hlt, at the reset vector
      _ = try machine.makeMemorySlot(index: 0, guestAddress: 0xFFFF_F000, memory: memory)
      return try machine.makeVCPU(id: 0)
    }
    let vcpu = try make()
    let exit = try vcpu.run()
    guard case .halt = exit else { throw Unexpected(exit) }
  }

  @Test(.needs(.setBootCPUID))
  func `another vCPU can be the one that starts`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    try machine.makeIRQChip()
    try machine.setBootCPU(id: 1)
    let first = try machine.makeVCPU(id: 0)
    let second = try machine.makeVCPU(id: 1)
    #expect(try first.mpState() == .uninitialized)
    #expect(try second.mpState() == .runnable)
  }

  @Test func `TSS and identity map addresses are taken before the first vCPU`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    try machine.setIdentityMapAddress(0xFEFF_C000)
    try machine.setTSSAddress(0xFEFF_D000)
    _ = try machine.makeVCPU(id: 0)
    let error = #expect(throws: KVMError.self) { try machine.setIdentityMapAddress(0xFEFF_C000) }
    #expect(error?.operation == "KVM_SET_IDENTITY_MAP_ADDR" && error?.errno == .invalidArgument)
  }

  @Test(.needs(.adjustClock))
  func `the clock is what it was set to, or later`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    var clock = ClockData()
    clock.clock = 5_000_000_000_000
    try machine.setClock(clock)
    #expect(try machine.clock().clock >= 5_000_000_000_000)
  }

  @Test func `an unknown capability cannot be enabled, nor one with five arguments`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let unknown = #expect(throws: KVMError.self) {
      try machine.enable(Capability(rawValue: 0xFFFF))
    }
    #expect(unknown?.operation == "KVM_ENABLE_CAP" && unknown?.errno == .invalidArgument)
    let tooMany = #expect(throws: KVMError.self) {
      try machine.enable(.haltPolling, arguments: 1, 2, 3, 4, 5)
    }
    #expect(tooMany?.detail == "KVM_CAP_HALT_POLL takes at most 4 arguments")
  }
}
