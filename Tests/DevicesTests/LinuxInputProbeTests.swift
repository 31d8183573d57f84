import Devices
import Testing

/// What Linux's drivers do to find out what they have, in their order, and the answers that make
/// them take it for a plain keyboard and a wheel mouse.
@Suite("Linux probes the 8042", .timeLimit(.minutes(5)))
struct LinuxInputProbeTests {
  private let board = KeyboardControllerBoard()

  /// i8042: from `i8042_controller_check` to `i8042_check_aux`.
  private func probeController() {
    #expect(board.readAll().count < 16, "else: no controller found")
    #expect(board.call(0xAA) == [0x55])
    // It reads the command byte until two reads agree.
    #expect(board.call(0x20) == [0x47])
    #expect(board.call(0x20) == [0x47])
    #expect(board.status & 0x10 != 0, "else: keylock active")
    // Keyboard and its interrupt off, translation kept.
    #expect(board.call(0x60, 0x56) == [])
  }

  @Test("the controller, and that there is a plain auxiliary port with a working IRQ 12")
  func controller() {
    probeController()
    // A loop through the auxiliary port, which must come back marked as such.
    board.writeCommand(0xD3)
    board.writeData(0x5A)
    #expect(board.status & 0x21 == 0x21)
    #expect(board.data() == 0x5A)
    // The command byte must follow the commands for the port.
    board.writeCommand(0xA7)
    #expect(board.call(0x20) == [0x76])
    board.writeCommand(0xA8)
    #expect(board.call(0x20) == [0x56])
    // An active multiplexer would answer 0xF0, 0x56, 0xA4 by a version; an echo says: none.
    for byte in [0xF0, 0x56, 0xA4] as [UInt8] { #expect(board.call(0xD3, byte) == [byte]) }
    // IRQ 12 is tested by another loop.
    _ = board.irq12.take()
    board.writeCommand(0xD3)
    board.writeData(0xA5)
    #expect(board.irq12.take() == [true])
    #expect(board.status & 0x20 != 0)
    #expect(board.data() == 0xA5)
    #expect(board.irq12.take() == [false])
  }

  @Test("keys pressed during the probe wait, and do not get between commands and answers")
  func keysDuringProbe() {
    probeController()
    board.controller.press(.a)
    board.controller.type("b")
    #expect(board.call(0xD3, 0x5A) == [0x5A])
    #expect(board.call(0x20) == [0x56])
    #expect(board.irq1.history.count { $0 } == 3, "of the answers before")
    #expect(
      board.call(0x60, 0x47) == [0x1E, 0x30], "then the pressed one comes, then the typed one")
  }

  @Test("atkbd: an MF2 keyboard, its lamps and its typematic rate")
  func atkbd() {
    probeController()
    _ = board.call(0x60, 0x47)
    #expect(board.keyboard(0xF2) == [0xFA, 0xAB, 0x41], "translated")
    #expect(board.keyboard(0xF5) == [0xFA])
    #expect(board.keyboard(0xED, 0x00) == [0xFA, 0xFA])
    #expect(board.keyboard(0xF3, 0x00) == [0xFA, 0xFA])
    #expect(board.keyboard(0xF4) == [0xFA])
    board.controller.press(.a)
    #expect(board.readAll() == [0x1E])
    #expect(board.keyboard(0xED, 0x04) == [0xFA, 0xFA])
    #expect(board.controller.leds == .capsLock)
  }

  @Test("psmouse: no touchpad, an IntelliMouse Explorer, and its packets")
  func psmouse() {
    probeController()
    #expect(board.mouse(0xF2) == [0xFA, 0x00])
    #expect(board.mouse(0xF5) == [0xFA])
    // Synaptics: four resolutions say 0, and the status would have 0x47 in the middle.
    for _ in 0..<4 { #expect(board.mouse(0xE8, 0x00) == [0xFA, 0xFA]) }
    #expect(board.mouse(0xE9) == [0xFA, 0x00, 0x00, 100])
    // ALPS: what follows three scalings is no known model.
    #expect(board.mouse(0xE6, 0xE6, 0xE6, 0xE9) == [0xFA, 0xFA, 0xFA, 0xFA, 0x00, 0x00, 100])
    #expect(board.mouse(0xE7, 0xE7, 0xE7, 0xE9) == [0xFA, 0xFA, 0xFA, 0xFA, 0x10, 0x00, 100])
    // TrackPoint: an unknown command is refused at once, not waited for.
    #expect(board.mouse(0xE1) == [0xFE])
    #expect(board.mouse(0xFF) == [0xFA, 0xAA, 0x00])
    #expect(board.mouse(0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF2).suffix(2) == [0xFA, 0x03])
    #expect(board.mouse(0xF3, 200, 0xF3, 200, 0xF3, 80, 0xF2).suffix(2) == [0xFA, 0x04])
    #expect(board.mouse(0xF3, 100, 0xE8, 3, 0xE6) == [UInt8](repeating: 0xFA, count: 5))
    #expect(board.mouse(0xEA, 0xF4) == [0xFA, 0xFA])
    board.controller.setMouseButtons([.left, .extra])
    #expect(board.readAll() == [0x09, 0x00, 0x00, 0x20])
    board.controller.moveMouse(dx: -1, dy: -2, wheel: -1)
    #expect(board.readAll() == [0x19, 0xFF, 0x02, 0x21])
  }

  @Test("a reboot by the keyboard controller resets")
  func reboot() {
    board.writeCommand(0xFE)
    #expect(board.resets.causes == [.keyboardController])
  }
}
