import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct SerialOutputGuestTests {
    /// Sends `count` bytes of its own image, all by one `rep outsb`, and halts.
    private static func flood(_ data: [UInt8]) throws -> FlatImage {
      // lea data(%rip), %rsi; mov $count, %ecx; mov $0x3F8, %dx; cld; rep outsb; cli; hlt
      let code: [UInt8] =
        [0x48, 0x8D, 0x35, 0x0E, 0, 0, 0, 0xB9] + little(UInt32(data.count))
        + [0x66, 0xBA, 0xF8, 0x03, 0xFC, 0xF3, 0x6E, 0xFA, 0xF4]
      return try .code(code + data)
    }

    private static let data: [UInt8] = {
      var generator = SplitMix64(seed: 2)
      return (0..<4096).flatMap { _ in little(generator.next()) }
    }()

    @Test("a flood of output arrives whole and in order")
    func flood() throws {
      let output = try OutputFile()
      let machine = try TestMachine(Self.flood(Self.data)) { $0.serialOutput = output.descriptor }
      #expect(try machine.run().label == "halted")
      let isWhole = try output.bytes() == Self.data
      #expect(isWhole)
    }

    @Test("a slow reader holds the guest up and loses nothing")
    func slowReader() throws {
      let pipe = try Pipe(capacity: 4096)
      let machine = try TestMachine(Self.flood(Self.data)) { $0.serialOutput = pipe.writer }
      try machine.machine.start()
      let finisher = try Thread(name: "finisher") { machine.end() }
      var received: [UInt8] = []
      while received.count < Self.data.count { received += try pipe.read(1000) }
      finisher.join()
      let isWhole = received == Self.data
      #expect(isWhole)
      #expect(machine.machine.wait().label == "halted")
    }

    @Test("a guest whose output nobody takes can be stopped")
    func stopWhileHeldUp() throws {
      let pipe = try Pipe(capacity: 4096)
      let machine = try TestMachine(Self.flood(Self.data)) { $0.serialOutput = pipe.writer }
      try machine.machine.start()
      // Wait until the pipe is full: from then on nothing but the stop ends the wait.
      while wait(for: POLLOUT, on: pipe.writer, or: nil, timeout: 0).events != 0 { sched_yield() }
      machine.machine.stop(.timeout)
      #expect(machine.machine.wait().label == "timeout")
      let sent = try pipe.read(4096)
      #expect(!sent.isEmpty)
      #expect(Self.data.starts(with: sent))
    }

    @Test("the guest serialflood counts its lines")
    func serialflood() throws {
      let machine = try TestMachine(.guest("serialflood"))
      try machine.machine.start()
      try machine.waitForText("0000999 ")
      machine.machine.stop(.quit)
      #expect(machine.end().label == "quit")
      let lines = try machine.text().split(separator: "\n").dropLast()
      let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz ."
      #expect(lines.count >= 999)
      for (number, line) in lines.enumerated() {
        let digits = String(number)
        let expected = String(repeating: "0", count: 7 - digits.count) + digits + " " + alphabet
        guard line == expected else {
          Issue.record("line \(number) is \(line)")
          break
        }
      }
    }
  }
}
