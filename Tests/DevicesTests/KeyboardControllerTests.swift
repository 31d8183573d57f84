import Devices
import Testing

@Suite("8042 keyboard controller", .timeLimit(.minutes(5)))
struct KeyboardControllerTests {
  private let board = KeyboardControllerBoard()

  @Test("it starts as firmware leaves it: empty, tested, unlocked, translating, with interrupts")
  func powerOn() {
    #expect(KeyboardController8042.ports == [0x60...0x60, 0x64...0x64])
    #expect(board.status == 0x14)
    #expect(board.call(0x20) == [0x47])
    #expect(board.irq1.history == [true, false], "only the answer's own")
    #expect(board.irq12.history == [])
  }

  @Test("tests and ports answer")
  func answers() {
    #expect(board.call(0xAA) == [0x55])
    #expect(board.call(0xA9) == [0x00])
    #expect(board.call(0xAB) == [0x00])
    #expect(board.call(0xC0) == [0x80])
    #expect(board.call(0xE0) == [0x03])
    for unknown in [0x00, 0x1F, 0x40, 0x90, 0xA0, 0xAC, 0xC8, 0xDE, 0xE8] as [UInt8] {
      #expect(board.call(unknown) == [])
    }
    #expect(board.resets.causes == [])
  }

  @Test("the status tells commands from data, and the mouse's bytes from the keyboard's")
  func status() {
    board.writeCommand(0x20)
    #expect(board.status == 0x1D)
    _ = board.data()
    #expect(board.status == 0x1C)
    board.writeData(0xF4)
    #expect(board.status == 0x15)
    _ = board.data()
    board.writeCommand(0xD3)
    board.writeData(0x42)
    #expect(board.status == 0x35)
    #expect(board.data() == 0x42)
    #expect(board.data() == 0x42, "an empty buffer repeats its last byte")
    #expect(board.status == 0x14)
  }

  @Test("the command byte reads as it was written, and its bit 2 is the system flag")
  func commandByte() {
    for byte in [0x00, 0x74, 0xFF, 0x88] as [UInt8] {
      #expect(board.call(0x60, byte) == [])
      #expect(board.status & 0x04 == byte & 0x04)
      #expect(board.call(0x20) == [byte])
    }
    _ = board.call(0xAA)
    #expect(board.status & 0x04 != 0, "the self-test has passed")
  }

  @Test("disabling and enabling show in the command byte and on the clock lines")
  func interfaces() {
    board.writeCommand(0xAD)
    board.writeCommand(0xA7)
    #expect(board.call(0x20) == [0x77])
    #expect(board.call(0xE0) == [0x00])
    board.writeCommand(0xAE)
    #expect(board.call(0x20) == [0x67])
    board.writeCommand(0xA8)
    #expect(board.call(0x20) == [0x47])
  }

  @Test("a disabled keyboard keeps its bytes, and a byte for it enables it")
  func disabledKeyboard() {
    board.writeCommand(0xAD)
    board.controller.press(.a)
    #expect(!board.hasData)
    #expect(board.irq1.history == [])
    board.writeCommand(0xAE)
    #expect(board.irq1.isAsserted)
    #expect(board.readAll() == [0x1E])
    board.writeCommand(0xAD)
    #expect(board.keyboard(0xEE) == [0xEE])
    #expect(board.call(0x20) == [0x47])
  }

  @Test("a disabled mouse keeps its bytes, and a byte for it enables it")
  func disabledMouse() {
    #expect(board.mouse(0xF4) == [0xFA])
    board.writeCommand(0xA7)
    board.controller.moveMouse(dx: 1, dy: 0)
    #expect(!board.hasData)
    board.writeCommand(0xA8)
    #expect(board.status & 0x21 == 0x21)
    #expect(board.readAll() == [0x08, 0x01, 0x00])
    board.writeCommand(0xA7)
    #expect(board.mouse(0xF2) == [0xFA, 0x00])
    #expect(board.call(0x20) == [0x47])
  }

  @Test("every byte makes an edge on its own line")
  func edges() {
    board.controller.press(.upArrow)
    #expect(board.irq1.take() == [true])
    #expect(board.data() == 0xE0)
    #expect(board.irq1.take() == [false, true])
    #expect(board.data() == 0x48)
    #expect(board.irq1.take() == [false])

    _ = board.mouse(0xF4)
    _ = board.irq12.take()
    board.controller.moveMouse(dx: 1, dy: 0)
    #expect(board.readAll().count == 3)
    #expect(board.irq12.take() == [true, false, true, false, true, false])
    #expect(board.irq1.take() == [])
  }

  @Test("without the interrupt bits there are no interrupts, and setting one raises what waits")
  func interruptEnable() {
    _ = board.call(0x60, 0x44)
    board.controller.press(.a)
    #expect(board.irq1.history == [])
    board.writeCommand(0x60)
    board.writeData(0x45)
    #expect(board.irq1.history == [true])
    #expect(board.readAll() == [0x1E])
    #expect(board.irq1.history == [true, false])
    #expect(board.call(0xD3, 0x01) == [0x01])
    #expect(board.irq12.history == [])
  }

  @Test("the controller's answer comes before the keyboard's, that before the mouse's")
  func order() {
    _ = board.mouse(0xF4)
    board.controller.press(.a)
    board.controller.press(.b)
    board.controller.moveMouse(dx: 1, dy: 0)
    board.writeCommand(0x20)
    #expect(board.readAll() == [0x1E, 0x47, 0x30, 0x08, 0x01, 0x00])
  }

  @Test("without translation the guest gets set 2, and answers as they are")
  func untranslated() {
    _ = board.call(0x60, 0x05)
    board.controller.press(.a)
    board.controller.release(.a)
    #expect(board.readAll() == [0x1C, 0xF0, 0x1C])
    #expect(board.keyboard(0xF2) == [0xFA, 0xAB, 0x83])
    _ = board.call(0x60, 0x45)
    #expect(board.keyboard(0xF2) == [0xFA, 0xAB, 0x41])
    #expect(board.keyboard(0xF0, 0x00) == [0xFA, 0xFA, 0x41])
  }

  @Test("a command replaces one that waits for its byte")
  func abandonedCommand() {
    board.writeCommand(0x60)
    #expect(board.call(0xAB) == [0x00])
    #expect(board.keyboard(0xEE) == [0xEE], "the byte is the keyboard's again")
    #expect(board.call(0x20) == [0x47])
  }

  @Test("the output buffers can be written, and are not translated")
  func loopback() {
    #expect(board.call(0xD2, 0x1C) == [0x1C])
    #expect(board.irq1.take() == [true, false])
    #expect(board.call(0xD3, 0x1C) == [0x1C])
    #expect(board.irq12.take() == [true, false])
    #expect(board.irq1.take() == [])
  }

  @Test("the output port switches A20 and shows it, whoever switched it")
  func a20() {
    #expect(board.call(0xD0) == [0xCF])
    #expect(board.call(0xD1, 0xDD) == [])
    #expect(!board.a20.isEnabled)
    #expect(board.call(0xD0) == [0xCD])
    board.a20.set(true)
    #expect(board.call(0xD0) == [0xCF])
    board.writeCommand(0xDD)
    #expect(!board.a20.isEnabled)
    board.writeCommand(0xDF)
    #expect(board.a20.isEnabled)
    #expect(board.resets.causes == [])
  }

  @Test("the output port shows whose byte is waiting")
  func outputPortBuffers() {
    board.controller.press(.a)
    #expect(board.call(0xD0) == [0x1E, 0xDF])
    board.writeCommand(0xD3)
    board.writeData(0x42)
    #expect(board.call(0xD0) == [0x42, 0xEF])
  }

  @Test("the reset line: every pulse with bit 0 clear, and the output port's bit 0")
  func reset() {
    for command in UInt8(0xF0)...0xFF { board.writeCommand(command) }
    #expect(board.resets.causes == [ResetCause](repeating: .keyboardController, count: 8))
    _ = board.call(0xD1, 0xCE)
    #expect(board.resets.causes.count == 9)
    #expect(board.call(0xD0) == [0xCF], "released, and A20 untouched")
  }

  @Test("a reset machine has the controller as at power-on, with its lines low")
  func machineReset() {
    _ = board.call(0x60, 0x00)
    _ = board.keyboard(0xED, 0x07)
    _ = board.call(0x60, 0x47)
    #expect(board.controller.leds == [.scrollLock, .numLock, .capsLock])
    board.controller.press(.a)
    board.controller.type("text")
    #expect(board.irq1.isAsserted)
    board.controller.reset()
    #expect(!board.irq1.isAsserted)
    #expect(board.controller.registers == I8042())
    #expect(board.controller.leds == [])
    #expect(board.controller.deadline == nil)
  }

  @Test("wide accesses reach only the controller's byte")
  func wideAccesses() {
    _ = board.call(0xD3, 0x42)
    #expect(board.controller.read(port: 0x60, size: 4) == 0xFFFF_FF42)
    #expect(board.controller.read(port: 0x64, size: 2) == 0xFF14)
    #expect(board.controller.read(port: 0x61, size: 1) == 0xFF)
    board.controller.write(port: 0x64, size: 4, value: 0x1234_56AA)
    #expect(board.readAll() == [0x55])
    board.controller.press(.a)
    #expect(board.controller.read(port: 0x5F, size: 2) == 0x1EFF, "the high byte is port 0x60")
    #expect(!board.hasData)
  }
}
