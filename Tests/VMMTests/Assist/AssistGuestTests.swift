import KVM
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The assist as guests see it. On a host that runs them natively it does nothing, and all of this
  /// holds.
  @Suite struct AssistGuestTests {
    @Test("instructions do the same at CPL 0 as at CPL 3")
    func comparison() throws {
      try TestMachine(.guest("assist")).expectSuccess()
    }

    @Test("a sine in real mode, to the last bit of its byte")
    func x87() throws {
      let code: [UInt8] = [
        0xDB, 0xE3,  // fninit
        0xD9, 0xEB,  // fldpi
        0xDE, 0x36, 0x22, 0x7C,  // fidivs six
        0xD9, 0xFE,  // fsin
        0xDE, 0x0E, 0x24, 0x7C,  // fimuls scale
        0xDE, 0x06, 0x26, 0x7C,  // fiadds offset
        0xDF, 0x1E, 0x28, 0x7C,  // fistps result
        0xBA, 0xF8, 0x03,  // mov $0x3F8, %dx
        0xBE, 0x28, 0x7C,  // mov $result, %si
        0xAC, 0xEE, 0xAC, 0xEE,  // lodsb; outb; lodsb; outb
        0xFA, 0xF4,  // cli; hlt
        0x06, 0x00,  // six: .word 6
        0xE8, 0x03,  // scale: .word 1000
        0x5B, 0x49,  // offset: .word 0x4B4F - 500
        0x00, 0x00,  // result: .word 0
      ]
      let machine = try TestMachine(.code(code, mode: .real))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "OK")
    }

    @Test("a loop of SSE2 in long mode: the squares of 1 to 10")
    func sse2() throws {
      let code: [UInt8] = [
        0x66, 0x0F, 0x57, 0xC0,  // xorpd %xmm0, %xmm0
        0xB9, 0x0A, 0x00, 0x00, 0x00,  // mov $10, %ecx
        0xF2, 0x0F, 0x2A, 0xC9,  // 1: cvtsi2sd %ecx, %xmm1
        0xF2, 0x0F, 0x59, 0xC9,  // mulsd %xmm1, %xmm1
        0xF2, 0x0F, 0x58, 0xC1,  // addsd %xmm1, %xmm0
        0xE2, 0xF2,  // loop 1b
        0xF2, 0x0F, 0x51, 0xD0,  // sqrtsd %xmm0, %xmm2
        0xF2, 0x0F, 0x59, 0xD2,  // mulsd %xmm2, %xmm2
        0xF2, 0x0F, 0x2D, 0xC2,  // cvtsd2si %xmm2, %eax
        0x05, 0xCE, 0x49, 0x00, 0x00,  // add $(0x4B4F - 385), %eax
        0x66, 0xBA, 0xF8, 0x03,  // mov $0x3F8, %dx
        0xEE, 0xC1, 0xE8, 0x08, 0xEE,  // outb; shr $8, %eax; outb
        0xFA, 0xF4,  // cli; hlt
      ]
      let machine = try TestMachine(.code(code))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "OK")
    }

    @Test("#MF at the instruction after the one that failed, #XM at the one that fails")
    func exceptions() throws {
      let code: [UInt8] = [
        0xC7, 0x06, 0x40, 0x00, 0x34, 0x7C,  // movw $x87, 0x40
        0xC7, 0x06, 0x4C, 0x00, 0x47, 0x7C,  // movw $vector, 0x4C
        0x0F, 0x20, 0xC0, 0x0C, 0x20, 0x0F, 0x22, 0xC0,  // CR0.NE
        0x0F, 0x20, 0xE0, 0x0D, 0x00, 0x06, 0x0F, 0x22, 0xE0,  // CR4.OSFXSR, CR4.OSXMMEXCPT
        0xBA, 0xF8, 0x03,  // mov $0x3F8, %dx
        0xDB, 0xE3,  // fninit
        0xD9, 0x2E, 0x59, 0x7C,  // fldcw control
        0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9,  // fld1; fldz; fdivrp
        0xDF, 0xE0,  // fnstsw %ax
        0x2C, 0x3F, 0xEE,  // sub $(0x84 - 'E'), %al; outb
        0xD9, 0xE8,  // after: fld1
        0xF4,  // hlt
        0x58, 0x2D, 0xE4, 0x7B, 0xEE,  // x87: pop %ax; sub $(after - 'M'), %ax; outb
        0xDB, 0xE2,  // fnclex
        0x0F, 0xAE, 0x16, 0x5B, 0x7C,  // ldmxcsr mxcsr
        0x0F, 0x57, 0xC9,  // xorps %xmm1, %xmm1
        0x0F, 0x5E, 0xC9,  // invalid: divps %xmm1, %xmm1
        0xF4,  // hlt
        0x58, 0x2D, 0xEB, 0x7B, 0xEE,  // vector: pop %ax; sub $(invalid - 'X'), %ax; outb
        0x0F, 0xAE, 0x1E, 0x5B, 0x7C,  // stmxcsr mxcsr
        0xA0, 0x5B, 0x7C, 0x04, 0x41, 0xEE,  // mov mxcsr, %al; add $'A', %al; outb
        0xFA, 0xF4,  // cli; hlt
        0x7B, 0x03,  // control: a division by zero is not masked
        0x00, 0x1F, 0x00, 0x00,  // mxcsr: an invalid operation is not masked
      ]
      let machine = try TestMachine(.code(code, mode: .real))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "EMXB")
    }

    @Test("software interrupts in protected and in long mode")
    func softwareInterrupts() throws {
      try TestMachine(.guest("softint32", mode: .protected)).expectSuccess()
      try TestMachine(.guest("softint64")).expectSuccess()
    }

    @Test("with and without it a healthy guest that needs none runs without any")
    func unneeded() throws {
      for assists in [true, false] {
        let machine = try TestMachine(.guest("hello64")) { $0.assistsEmulation = assists }
        #expect(try machine.run().label == "halted")
        #expect(machine.machine.statistics.assisted.isEmpty)
      }
    }

    @Test(
      "switched off, an instruction that KVM fails to emulate ends the guest, and says what helps")
    func off() throws {
      // fwait; cli; hlt
      let machine = try TestMachine(.code([0x9B, 0xFA, 0xF4])) { $0.assistsEmulation = false }
      let ending = try machine.run()
      guard let crash = ending.crash else {
        #expect(ending.label == "halted")
        return
      }
      #expect(ending.label == "emulation failure")
      #expect(crash.verdict()?.hasSuffix("leave out --assist off, and it will be executed") == true)
    }

    @Test("a loop of assisted instructions can be paused and stopped")
    func pause() throws {
      // 1: fwait; jmp 1b
      let machine = try TestMachine(.code([0x9B, 0xEB, 0xFD]))
      try machine.machine.start()
      for _ in 0..<20 {
        machine.machine.pause()
        machine.machine.resume()
      }
      machine.machine.stop(.quit)
      #expect(machine.end().label == "quit")
    }

    @Test(
      "the test devices, with every interrupt controller",
      arguments: [MachineConfiguration.InterruptController.none, .split, .kernel])
    func testDevices(interruptController: MachineConfiguration.InterruptController) throws {
      let machine = try TestMachine(.guest("testdevices")) {
        $0.hasTestDevices = true
        $0.commandLine = "scanline"
        $0.interruptController = interruptController
      }
      try machine.expectSuccess()
    }
  }
}
