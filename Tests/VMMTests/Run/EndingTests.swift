import CKVM
import Devices
import Display
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct EndingTests {
    @Test("a halted guest ends", arguments: ["halt", "hello64"])
    func halted(name: String) throws {
      #expect(try TestMachine(.guest(name)).run().label == "halted")
    }

    @Test("a guest that waits for interrupts that nobody can send ends, and says so")
    func haltedForever() throws {
      let code = GuestCode { $0.append([0xFB, 0xF4]) }  // sti; hlt
      #expect(try TestMachine(.code(code.bytes)).run().label == "halted, IF=1")
    }

    @Test("the debug exit gives the value, whatever its width")
    func debugExitWidths() throws {
      let byte = GuestCode { $0.out8(0xF4, 0xAB) }
      let word = GuestCode { $0.out16(0xF4, 0xABCD) }
      let long = GuestCode { $0.out32(0xF4, 0xABCD_1234) }
      #expect(try TestMachine(.code(byte.bytes)).run().label == "debug exit \(0xAB)")
      #expect(try TestMachine(.code(word.bytes)).run().label == "debug exit \(0xABCD)")
      #expect(try TestMachine(.code(long.bytes)).run().label == "debug exit \(0xABCD_1234)")
    }

    @Test("the guest exitcode ends with the code of its command line", arguments: [0, 1, 42, 127])
    func exitCode(code: Int) throws {
      let machine = try TestMachine(.guest("exitcode")) { $0.commandLine = "code=\(code)" }
      #expect(try machine.run().label == "debug exit \(code)")
    }

    @Test("the first ending wins")
    func firstEndingWins() throws {
      let code = GuestCode {
        $0.out8(0xF4, 1)
        $0.out8(0xF4, 2)
        $0.halt()
      }
      #expect(try TestMachine(.code(code.bytes)).run().label == "debug exit 1")
    }

    @Test("a triple fault ends with a report")
    func tripleFault() throws {
      let report = try #require(try TestMachine(.guest("triplefault")).run().crash)
      #expect(report.summary.hasPrefix("vCPU 0: triple fault at 0x"))
      #expect(report.registers != nil)
      #expect(report.specialRegisters != nil)
    }

    @Test("an instruction that cannot be emulated ends with its address and bytes")
    func emulationFailure() throws {
      let ending = try TestMachine(.guest("badopcode")).run()
      #expect(ending.label == "emulation failure")
      let report = try #require(ending.crash)
      #expect(report.cpu == 0)
      // start: movl $NO_MEMORY, %eax, five bytes; then fldl (%rax).
      #expect(report.registers?.rip == 0x10_0005)
      #expect(report.registers?.rax == 0xD000_0000)
      #expect(report.instruction.starts(with: [0xDD, 0x00]))
      #expect(report.summary.hasSuffix(" at 0x100005"))
      #expect(report.details.contains { $0.contains("rip 0000000000100005") })
      #expect(report.details.contains { $0.hasPrefix("code dd 00") })
    }

    @Test("a guest that never exits is stopped")
    func runaway() throws {
      let machine = try TestMachine(.guest("runaway"))
      try machine.machine.start()
      machine.machine.stop(.timeout)
      #expect(machine.end().label == "timeout")
    }

    @Test("a guest is stopped while another thread waits for it")
    func stoppedByAnotherThread() throws {
      let machine = try TestMachine(.guest("runaway"))
      try machine.machine.start()
      let stopper = try Thread(name: "stopper") { machine.machine.stop(.signal(SIGTERM)) }
      #expect(machine.end().label == "signal \(SIGTERM)")
      stopper.join()
    }

    @Test("two threads that wait both wait for the end")
    func twoWaiters() throws {
      let code = GuestCode {
        $0.print("!")
        $0.waitForInput()
        $0.out8(0xF4, 7)
      }
      let machine = try TestMachine(.code(code.bytes))
      try machine.machine.start()
      try machine.waitForText("!")
      let labels = OnceBox<String>()
      let waiter = try Thread(name: "waiter") {
        labels.set { machine.machine.wait().label }
      }
      let other = try Thread(name: "sender") {
        // Whichever of the two waits first, the second must not end the machine.
        _ = wait(for: 0, on: nil, or: machine.machine.stopEvent, timeout: 50)
        machine.machine.serial.enqueue([0].span)
      }
      #expect(machine.end().label == "debug exit 7")
      waiter.join()
      other.join()
      #expect(labels.value == "debug exit 7")
    }

    @Test("a machine that is stopped before its start never runs")
    func stoppedBeforeStart() throws {
      let machine = try TestMachine(.guest("hello64"))
      machine.machine.stop(.timeout)
      #expect(try machine.run().label == "timeout")
      #expect(try machine.text() == "")
    }

    @Test("a machine that was never started ends at once")
    func neverStarted() throws {
      #expect(try TestMachine(.guest("runaway")).end().label == "quit")
    }

    @Test("a second start changes nothing")
    func secondStart() throws {
      let code = GuestCode {
        $0.print("once")
        $0.waitForInput()
        $0.print(" more")
        $0.waitForInput()
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      try machine.machine.start()
      try machine.waitForText("once")
      try machine.machine.start()
      try machine.send([0])
      try machine.waitForText("once more")
      #expect(ProcessThreads.ofMachines() == ["vcpu0"])
      try machine.send([0])
      #expect(machine.end().label == "halted")
      #expect(try machine.text() == "once more")
    }

    @Test("a machine that goes takes its threads with it")
    func threadsGo() throws {
      do {
        let machine = try TestMachine(.guest("runaway")) {
          $0.cpuCount = 2
          $0.sinks = [NullSink()]
        }
        try machine.machine.start()
        let threads: Set = ["vcpu0", "vcpu1", "flusher", "halt"]
        #expect(ProcessThreads.ofMachines(awaiting: threads) == threads)
      }
      #expect(ProcessThreads.leftByMachines() == [])
    }

    @Test("output that nobody reads ends the machine")
    func closedOutput() throws {
      signal(SIGPIPE, SIG_IGN)
      let pipe = try Pipe()
      try pipe.closeReader()
      let machine = try TestMachine(.guest("hello64")) { $0.serialOutput = pipe.writer }
      #expect(try machine.run().label == "output closed")
    }

    @Test("output to a full disk ends the machine")
    func fullDisk() throws {
      let full = try FileDescriptor.open(FilePath("/dev/full"), .writeOnly, options: .closeOnExec)
      defer { try? full.close() }
      let machine = try TestMachine(.guest("hello64")) { $0.serialOutput = full }
      guard case .failure(let error) = try machine.run() else {
        Issue.record("no failure")
        return
      }
      #expect(error.kind == .io)
      #expect(error.description.contains("No space left"))
    }
  }
}
