import Devices
import Dispatch
import Testing

/// Turns set 1 codes into text, as a small guest does.
private struct Decoder {
  private static let plain: [UInt8: Character] = {
    var table: [UInt8: Character] = [0x1C: "\n", 0x0F: "\t", 0x39: " "]
    for (first, row) in [
      (0x02, "1234567890-="), (0x10, "qwertyuiop[]"), (0x1E, "asdfghjkl;'`"),
      (0x2B, "\\zxcvbnm,./"),
    ] as [(UInt8, String)] {
      for (offset, character) in row.enumerated() { table[first + UInt8(offset)] = character }
    }
    return table
  }()
  private static let shifted = Dictionary(
    uniqueKeysWithValues: zip("1234567890-=[];'`\\,./", "!@#$%^&*()_+{}:\"~|<>?"))

  private var isShifted = false
  private(set) var text = ""

  mutating func decode(_ bytes: [UInt8]) {
    for byte in bytes {
      switch byte {
      case 0x2A: isShifted = true
      case 0xAA: isShifted = false
      default:
        guard let character = Self.plain[byte] else { continue }
        if !isShifted {
          text.append(character)
        } else if let other = Self.shifted[character] {
          text.append(other)
        } else {
          text += character.uppercased()
        }
      }
    }
  }
}

@Suite("Typed text", .timeLimit(.minutes(5)))
struct KeyboardTypingTests {
  private let board = KeyboardControllerBoard()

  /// Lets a guest read what arrives, until nothing is left to type.
  private func typedText() -> String {
    var decoder = Decoder()
    decoder.decode(board.readAll())
    while board.controller.deadline != nil {
      board.clock.advance(by: KeyboardController8042.typingInterval)
      decoder.decode(board.readAll())
    }
    return decoder.text
  }

  @Test("every character of a US keyboard arrives as itself")
  func ascii() {
    let text = String(decoding: (0x20...0x7E) as ClosedRange<UInt8>, as: UTF8.self) + "\t\n"
    #expect(board.controller.type(text) == text.utf8.count)
    #expect(typedText() == text)
  }

  @Test("keys that are no characters of the table: Backspace, Delete, Escape")
  func controlKeys() {
    board.controller.type("\u{8}\u{7F}\u{1B}")
    var codes: [UInt8] = []
    for _ in 0..<6 {
      codes += board.readAll()
      board.clock.advance(by: KeyboardController8042.typingInterval)
    }
    #expect(codes == [0x0E, 0x8E, 0x0E, 0x8E, 0x01, 0x81])
  }

  @Test("every kind of line end is one Enter, and characters without a key are skipped")
  func lineEndsAndOthers() {
    let text = "a\r\nb\rc\nd\n\n\u{E9}\u{1F600}\u{0}e"
    #expect(board.controller.type(text) == text.utf8.count)
    #expect(typedText() == "a\nb\nc\nd\n\ne")
  }

  @Test("a key waits for the guest and for its time, and says when")
  func pacing() {
    #expect(board.controller.deadline == nil)
    board.controller.type("a")
    #expect(board.controller.deadline == nil, "the guest has not taken the press")
    board.clock.advance(by: 1_000_000_000)
    board.controller.advance(to: board.clock.now)
    #expect(board.data() == 0x1E)
    #expect(board.data() == 0x9E, "late enough to follow at once")
    board.controller.type("b")
    #expect(!board.hasData)
    let now = board.clock.now
    #expect(board.controller.deadline == now + KeyboardController8042.typingInterval)
    board.controller.advance(to: now + KeyboardController8042.typingInterval - 1)
    #expect(!board.hasData)
    _ = board.irq1.take()
    board.controller.advance(to: now + KeyboardController8042.typingInterval)
    #expect(board.irq1.take() == [true], "without any access of the guest's")
    #expect(board.data() == 0x30)
  }

  @Test("who keeps the time is told when a key becomes due earlier, and only then")
  func deadlineChanges() {
    board.controller.type("a")
    #expect(board.clock.notices.count == 0, "the press went at once")
    _ = board.data()
    #expect(board.clock.notices.count == 1)
    _ = board.status
    board.controller.type("b")
    #expect(board.clock.notices.count == 1)
  }

  @Test("a driver that flushes a limited number of bytes sees the keyboard fall silent")
  func flush() {
    board.controller.type("The quick brown fox jumps over the lazy dog")
    for _ in 0..<4 {
      #expect(board.readAll().count < 16)
      board.clock.advance(by: KeyboardController8042.typingInterval)
    }
  }

  @Test("typed text survives a driver that resets and enables the keyboard")
  func survivesSetup() {
    _ = board.keyboard(0xF5)
    board.controller.type("ab")
    board.clock.advance(by: 1_000_000_000)
    #expect(!board.hasData, "a disabled keyboard has no keys")
    #expect(board.keyboard(0xFF) == [0xFA, 0xAA, 0x1E], "the first press follows the answer")
    #expect(typedText() == "b")
  }

  @Test("keys pressed while text is typed come after it")
  func orderOfKeys() {
    board.controller.type("ab")
    board.controller.press(.c)
    board.controller.release(.c)
    #expect(typedText() == "abc")
    board.controller.press(.d)
    #expect(board.readAll() == [0x20], "and at once when it is done")
  }

  @Test("the queue is bounded, takes whole characters, and goes on where it stopped")
  func bounded() throws {
    let text = String(repeating: "aB", count: 5000)
    var rest = Substring(text)
    var received = ""
    while !rest.isEmpty {
      let taken = board.controller.type(String(rest))
      try #require((1..<2048).contains(taken))
      rest = rest.dropFirst(taken)
      received += typedText()
    }
    #expect(received == text)
  }

  @Test("threads that type, press and move do not disturb each other or the guest")
  func threads() {
    let controller = board.controller
    _ = board.mouse(0xF4)
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for round in 0..<5_000 {
        switch thread {
        case 0:
          controller.type("x")
          board.clock.advance(by: 1_000_000)
        case 1:
          controller.press(.upArrow)
          controller.release(.upArrow)
          controller.advance(to: board.clock.now)
        case 2:
          controller.moveMouse(dx: round, dy: -round)
          controller.setMouseButtons(.init(rawValue: UInt8(round & 7)))
        default:
          _ = board.readAll()
          controller._checkInvariants()
        }
      }
    }
    _ = typedText()
    controller._checkInvariants()
    #expect(!board.hasData)
    for line in [board.irq1, board.irq12] {
      let history = line.history
      #expect(!history.isEmpty)
      #expect(history.enumerated().allSatisfy { $1 == ($0 % 2 == 0) }, "only changes, in order")
    }
    #expect(board.keyboard(0xEE) == [0xEE])
  }
}
