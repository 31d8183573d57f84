import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct BoardGuestTests {
    @Test("the clock shows the host's time, and interrupts")
    func clock() throws {
      let machine = try TestMachine(.guest("rtc"))
      let before = time(nil)
      try machine.expectSuccess()
      let after = time(nil)
      let text = try machine.text()
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("time ") })
      let fields = line.dropFirst(5).split { !$0.isNumber }.compactMap { Int32($0) }
      try #require(fields.count == 6)
      var calendar = unsafe tm()
      unsafe calendar.tm_year = fields[0] - 1900
      unsafe calendar.tm_mon = fields[1] - 1
      unsafe calendar.tm_mday = fields[2]
      unsafe calendar.tm_hour = fields[3]
      unsafe calendar.tm_min = fields[4]
      unsafe calendar.tm_sec = fields[5]
      let seconds = unsafe timegm(&calendar)
      #expect((before - 1...after).contains(seconds), "\(line)")
    }

    @Test(
      "a guest finds the way to power off in the ACPI tables", arguments: [1, 4])
    func powerOff(count: Int) throws {
      let machine = try TestMachine(.guest("poweroff")) { $0.cpuCount = count }
      let label = try machine.run(forAtMost: 120).label
      let text = try machine.text()
      #expect(label == "powered off", "\(text)")
      #expect(text.hasSuffix("powering off\n"), "\(text)")
      #expect(!text.contains("FAIL"), "\(text)")
    }
  }
}
