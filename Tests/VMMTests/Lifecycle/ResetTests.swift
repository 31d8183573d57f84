import CKVM
import Devices
import Display
import Glibc
import KVM
import Synchronization
import TestSupport
import Testing

@testable import VMM

/// A port that tells how often the machine was reset, and resets it when it is written.
private final class ResetPort: PortIODevice {
  static let port: UInt16 = 0x5002
  let machine = OnceBox<WeakMachine>()

  struct WeakMachine: Sendable {
    weak let machine: Machine?
  }

  func read(port: UInt16, size: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: machine.value?.machine?.resetCount ?? 0)
  }

  func write(port: UInt16, size: Int, value: UInt32) {
    machine.value?.machine?.requestReset(cause: .resetControlRegister)
  }
}

extension MachineTests {
  @Suite struct ResetTests {
    private let port = ResetPort()

    private func machine(
      _ image: FlatImage, configure: (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> TestMachine {
      let test = try TestMachine(image) {
        $0.memorySize = 4 << 20
        $0.portDevices = [([ResetPort.port...ResetPort.port], port)]
        configure(&$0)
      }
      port.machine.set { ResetPort.WeakMachine(machine: test.machine) }
      return test
    }

    /// Prints how often it was reset, in a digit, leaves traces everywhere, and asks for a reset, until
    /// the count is 3. If it finds a trace of the run before it ends with 1.
    private static let traces = GuestCode { code in
      // Any trace in RAM, video memory, the UART, or the display's registers?
      for address in [0x9100, 0xE000_0000, 0xE0F0_0000] as [UInt64] {
        code.append([0xA1] + little(address))  // movabsl address, %eax
        code.append([0x85, 0xC0, 0x74, 0x04, 0xB0, 0x01, 0xE6, 0xF4])  // test; jz +4; out 1
      }
      code.append([0x66, 0xBA, 0xFF, 0x03, 0xEC])  // inb 0x3FF: SCR
      code.append([0x84, 0xC0, 0x74, 0x04, 0xB0, 0x01, 0xE6, 0xF4])
      code.out16(0x1CE, 1)
      code.append([0x66, 0xBA, 0xCF, 0x01, 0x66, 0xED])  // inw 0x1CF: XRES
      code.append([0x66, 0x3D, 0x00, 0x04, 0x74, 0x04, 0xB0, 0x01, 0xE6, 0xF4])  // 1024?
      code.append([0x66, 0xBA, 0x02, 0x50, 0xEC])  // inb 0x5002
      code.append([0x88, 0xC3, 0x04, 0x30])  // movb %al, %bl; addb $'0', %al
      code.append([0x66, 0xBA, 0xF8, 0x03, 0xEE])  // outb COM1
      for address in [0x9100, 0xE000_0000, 0xE0F0_0000] as [UInt64] {
        code.store32(0x5A5A_5A5A, at: address)
      }
      code.out8(0x3FF, 0x5A)
      code.dispi(4, 0)
      code.dispi(1, 640)
      code.append([0x80, 0xFB, 0x03, 0x75, 0x04, 0xB0, 0x07, 0xE6, 0xF4])  // 3 times: out 7
      code.out8(ResetPort.port, 0)
      code.append([0xB0, 0x02, 0xE6, 0xF4])  // Nothing runs after the request.
      code.spin()
    }

    @Test(
      "a reboot leaves no trace",
      arguments: [MachineConfiguration.InterruptController.none, .kernel])
    func noTrace(controller: MachineConfiguration.InterruptController) throws {
      let causes = Mutex<[ResetCause]>([])
      let box = Box(causes)
      let test = try machine(.code(Self.traces.bytes)) {
        $0.interruptController = controller
        $0.resetAction = .reboot
        $0.sinks = [NullSink()]
        $0.onReboot = { reboot in box.value.withLock { $0.append(reboot.cause) } }
      }
      #expect(try test.run().label == "debug exit 7")
      #expect(try test.text() == "0123")
      #expect(test.machine.resetCount == 3)
      #expect(box.value.withLock { $0 } == Array(repeating: .resetControlRegister, count: 3))
      #expect(ProcessThreads.leftByMachines() == [])
    }

    @Test("without --on-reset reboot a reset ends the run")
    func exit() throws {
      let test = try machine(.code(Self.traces.bytes))
      #expect(try test.run().label == "reset by resetControlRegister")
      #expect(try test.text() == "0")
      #expect(test.machine.resetCount == 0)
    }

    @Test("a guest that only dies is given up after the third time")
    func tripleFaults() throws {
      let reboots = Mutex<[UInt64]>([])
      let box = Box(reboots)
      let test = try machine(.guest("triplefault")) {
        $0.resetAction = .reboot
        $0.onReboot = { reboot in
          #expect(reboot.crash?.summary.contains("triple fault") == true)
          box.value.withLock { $0.append(reboot.number) }
        }
      }
      #expect(try test.run().label == "triple fault")
      #expect(box.value.withLock { $0 } == [1, 2])
    }

    @Test("every vCPU and interrupt controller is as it was made, wherever the guest was")
    func state() throws {
      var generator = SplitMix64(seed: 17)
      let test = try machine(.guest("smp")) {
        $0.cpuCount = 4
        $0.interruptController = .kernel
      }
      let machine = test.machine
      let initial = try Self.state(of: machine)
      machine.pause()
      try machine.start()
      for round in 0..<50 {
        machine.resume()
        for _ in 0..<generator.next() % 40_000 { _ = monotonicNanoseconds() }
        machine.pause()
        guard machine.stopEvent.wait(until: 0) == false else { break }
        try machine.reset()
        let now = try Self.state(of: machine)
        for (name, value) in initial {
          #expect(now[name] == value, "round \(round): \(name)")
        }
        #expect(machine.readMemory(8, at: 0x7000) == [UInt8](repeating: 0, count: 8))
      }
      #expect(machine.resetCount > 3)
      machine.resume()
      #expect(test.end().label == "halted")
      #expect(try test.text().hasSuffix("4 CPUs\n"))
    }

    /// All registers that do not count time, by name.
    private static func state(of machine: Machine) throws -> [String: [UInt8]] {
      var state: [String: [UInt8]] = [:]
      for thread in machine.vcpus {
        let id = thread.vcpu.id
        var registers = try thread.vcpu.registers()
        state["\(id) registers"] = unsafe withUnsafeBytes(of: &registers) { unsafe Array($0) }
        var special = try thread.vcpu.specialRegisters()
        state["\(id) special registers"] = unsafe withUnsafeBytes(of: &special) { unsafe Array($0) }
        var debug = try thread.vcpu.debugRegisters()
        state["\(id) debug registers"] = unsafe withUnsafeBytes(of: &debug) { unsafe Array($0) }
        var events = try thread.vcpu.events()
        state["\(id) events"] = unsafe withUnsafeBytes(of: &events) { unsafe Array($0) }
        state["\(id) mp state"] = little(try thread.vcpu.mpState().rawValue)
        var apic = try thread.vcpu.localAPIC()
        state["\(id) local APIC"] = unsafe withUnsafeBytes(of: &apic) { unsafe Array($0) }
      }
      return state
    }

    @Test("input that was typed ahead of a reset is read after it")
    func input() throws {
      let code = GuestCode {
        $0.print(">")
        $0.waitForInput()
        $0.append([0x66, 0xBA, 0xF8, 0x03, 0xEE])  // outb %al, COM1
        $0.halt()
      }
      let test = try machine(.code(code.bytes))
      test.machine.pause()
      try test.machine.start()
      try test.send(Array("x".utf8))
      try test.machine.reset()
      try test.machine.reset()
      test.machine.resume()
      #expect(try test.run().label == "halted")
      #expect(try test.text() == ">x")
    }

    @Test("a machine that has stopped is not reset")
    func afterTheEnd() throws {
      let test = try machine(
        .code(
          GuestCode {
            $0.store32(5, at: 0x9000)
            $0.halt()
          }.bytes))
      _ = try test.run()
      try test.machine.reset()
      #expect(test.machine.resetCount == 0)
      #expect(test.machine.readMemory(4, at: 0x9000) == little(UInt32(5)))
    }

    @Test("the picture is black after a reset, also for those who only see damage")
    func picture() throws {
      let sink = ReplayingSink()
      let test = try machine(
        .code(
          GuestCode {
            $0.waitForInput()
            $0.store32(0x12_3456, at: MemoryMap.framebuffer.rawValue)
            $0.print("!")
            $0.spin()
          }.bytes)
      ) {
        $0.sinks = [sink]
        $0.idleAfter = 1_000_000
      }
      try test.machine.start()
      try test.send([0])
      try eventually { sink.firstPixel(ofLine: 0) == 0x12_3456 }
      try test.machine.reset()
      try eventually { sink.firstPixel(ofLine: 0) == 0 }
      test.machine.stop(.quit)
      _ = test.end()
    }
  }
}

/// Shares what cannot be copied.
private final class Box<Value: ~Copyable & Sendable>: Sendable {
  let value: Value
  init(_ value: consuming Value) { self.value = value }
}
