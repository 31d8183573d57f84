import Testing

@testable import KVM

@Suite("Binary statistics", .needs(.binaryStatistics), .timeLimit(.minutes(5)))
struct StatisticsTests {
  @Test func `a vCPU counts its exits`() throws {
    let guest = try Guest(.real, code: [0xE6, 0x10, 0xE6, 0x10, 0xE6, 0x10, 0xF4])  // out 0x10, al
    let statistics = try guest.vcpu.statistics()
    let before = try #require(try statistics.value(named: "exits"))
    var exits: UInt64 = 0
    while case .portIO = try guest.run() { exits += 1 }
    let after = try #require(try statistics.value(named: "exits"))
    #expect(exits == 3)
    #expect(after > before)
  }

  @Test func `every counter of a machine has a name and can be read`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let statistics = try machine.statistics()
    let (name, descriptors) = (statistics.objectName, statistics.descriptors)
    #expect(name.hasPrefix("kvm-"))
    #expect(!descriptors.isEmpty)
    #expect(Set(descriptors.map(\.name)).count == descriptors.count)
    for counter in descriptors {
      #expect(!counter.name.isEmpty && counter.kind != .other && counter.unit != .other)
      let values = try statistics.values(of: counter)
      #expect(values.count == counter.valueCount && values.count > 0)
    }
  }

  @Test func `a counter that does not exist has no value`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let value = try machine.statistics().value(named: "no such counter")
    #expect(value == nil)
  }
}
