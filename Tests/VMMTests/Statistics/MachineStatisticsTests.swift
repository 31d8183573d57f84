import Devices
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct ExitCounterTests {
  @Test("vCPUs are added up, the most frequent first")
  func sums() throws {
    let first = try ExitCounters()
    let second = try ExitCounters()
    for _ in 0..<3 { first.countPort(0) }
    second.countPort(0xFFFF)
    second.countPort(0xFFFF)
    second.countPort(0)
    second.count(.mmio)
    let statistics = MachineStatistics(
      counters: [first, second],
      unclaimed: UnclaimedAccessStatistics(
        portReads: 0, portWrites: 0, memoryReads: 0, memoryWrites: 0),
      serial: SerialStatistics(bytesOut: 0, bytesIn: 0, coalescedWrites: 0),
      hostTimes: [nil, nil], kernel: [])
    #expect(
      statistics.exitsByPort == [
        PortExits(port: 0, count: 4), PortExits(port: 0xFFFF, count: 2),
      ])
    #expect(
      statistics.exitsByReason == [
        ReasonExits(reason: "io", count: 6), ReasonExits(reason: "mmio", count: 1),
      ])
    #expect(statistics.vcpus.map(\.exits) == [3, 4])
    #expect(statistics.exits == 7)
  }

  @Test("every reason has a name of its own")
  func names() {
    #expect(Set(ExitReason.allCases.map(\.name)).count == ExitReason.allCases.count)
  }

  @Test("the guest's ticks are found behind a name that tries to confuse")
  func guestTicks() {
    let fields = (3...52).map { "\($0)" }.joined(separator: " ")
    #expect(HostTimes.guestTicks(in: "17 (a ) 9 9) \(fields)\n") == 43)
    #expect(HostTimes.guestTicks(in: "17 (short) S 1") == nil)
    #expect(HostTimes.guestTicks(in: "") == nil)
  }
}

extension MachineTests {
  @Suite struct MachineStatisticsTests {
    @Test("every exit is counted, by port and by reason")
    func exits() throws {
      let code = GuestCode { code in
        for _ in 0..<7 { code.out8(0x80, 1) }
        code.in(0x5678, size: 2, to: 0x20_0000)
        code.store32(1, at: 0xD000_0000)
        code.print("ab")
        code.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      let statistics = machine.machine.statistics
      #expect(
        statistics.exitsByPort == [
          PortExits(port: 0x80, count: 7), PortExits(port: 0x3F8, count: 2),
          PortExits(port: 0x5678, count: 1),
        ])
      let reasons = Dictionary(
        uniqueKeysWithValues: statistics.exitsByReason.map { ($0.reason, $0.count) })
      #expect(reasons["io"] == 10)
      #expect(reasons["mmio"] == 1)
      #expect(reasons["hlt"] == 1)
      #expect(statistics.unclaimed == machine.machine.unclaimedAccesses)
      #expect(statistics.serial.bytesOut == 2)
      let times = try #require(statistics.vcpus.first?.hostTimes)
      // The kernel may count a thread's time in its clock's ticks, of 10 ms at most.
      #expect(times.elapsed > 0 && times.user + times.system <= times.elapsed + 10_000_000)
      let kernel = statistics.kernel.first { $0.object == "vcpu0" }
      if let exits = kernel?.counters.first(where: { $0.name == "exits" })?.values.first {
        #expect(exits >= 12)
      }
    }

    @Test("input is counted when the port takes it")
    func input() throws {
      let machine = try TestMachine(.guest("echo"))
      try machine.machine.start()
      try machine.send(Array("hello".utf8))
      machine.machine.serial.endInput()
      machine.end()
      let serial = machine.machine.statistics.serial
      #expect(serial.bytesIn == 5)
      #expect(serial.bytesOut == 5)
    }
  }
}
