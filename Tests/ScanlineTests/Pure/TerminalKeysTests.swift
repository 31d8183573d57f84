import Devices
import Testing

@testable import ScanlineCommands

@Suite("keys of a terminal")
struct TerminalKeysTests {
  private func keys(_ pieces: String...) -> [[Key]] {
    var terminal = TerminalKeys()
    var keys: [[Key]] = []
    for piece in pieces { terminal.translate(Array(piece.utf8)[...]) { keys.append($0) } }
    return keys
  }

  @Test("characters are keys of the US layout, with Shift where it takes that")
  func characters() {
    #expect(keys("aB1!") == [[.a], [.leftShift, .b], [.digit1], [.leftShift, .digit1]])
    #expect(
      keys("\r\n\t \u{7F}") == [
        [.returnEnter], [.returnEnter], [.tab], [.spacebar], [.deleteBackspace],
      ])
  }

  @Test("control characters are keys with Control")
  func controlCharacters() {
    #expect(
      keys("\u{3}\u{1A}\u{1C}") == [
        [.leftControl, .c], [.leftControl, .z], [.leftControl, .backslash],
      ])
  }

  @Test(
    "escape sequences are keys",
    arguments: [
      ("\u{1B}[A", [Key.upArrow]), ("\u{1B}OB", [.downArrow]), ("\u{1B}[C", [.rightArrow]),
      ("\u{1B}[D", [.leftArrow]), ("\u{1B}[H", [.home]), ("\u{1B}[4~", [.end]),
      ("\u{1B}[2~", [.insert]), ("\u{1B}[3~", [.deleteForward]), ("\u{1B}[5~", [.pageUp]),
      ("\u{1B}OP", [.f1]), ("\u{1B}[15~", [.f5]), ("\u{1B}[24~", [.f12]),
      ("\u{1B}[1;5A", [.leftControl, .upArrow]), ("\u{1B}[3;2~", [.leftShift, .deleteForward]),
      ("\u{1B}[Z", [.leftShift, .tab]), ("\u{1B}x", [.leftAlt, .x]), ("\u{1B}", [.escape]),
    ])
  func sequences(text: String, expected: [Key]) {
    #expect(keys(text) == [expected])
    #expect(keys(text + "a").last == [.a] || text == "\u{1B}")
  }

  @Test("an Escape at the end of a piece is the key, and the next piece starts anew")
  func escapeAlone() {
    #expect(keys("\u{1B}", "[A") == [[.escape], [.leftBracket], [.leftShift, .a]])
    #expect(keys("\u{1B}\u{1B}") == [[.escape], [.escape]])
  }

  @Test("what is no key types nothing, and does not hold up what follows")
  func unknown() {
    #expect(
      keys("\u{1B}[99999999999999999999~a", "ü", "\u{1B}[1;1;1;1;1;1Rb") == [[.a], [.f3], [.b]])
  }
}
