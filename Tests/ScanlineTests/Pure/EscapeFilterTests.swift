import TestSupport
import Testing

@testable import ScanlineCommands

@Suite("Escape commands in the terminal", .generousTimeLimit)
struct EscapeFilterTests {
  /// What came out of the filter, in order.
  private enum Event: Equatable {
    case byte(UInt8)
    case command(EscapeFilter.Command)
  }

  private func events(_ chunks: [[UInt8]]) -> [Event] {
    var filter = EscapeFilter()
    var events: [Event] = []
    for chunk in chunks {
      filter.filter(chunk) {
        events.append(.byte($0))
      } obey: {
        events.append(.command($0))
      }
    }
    return events
  }

  @Test("every byte but Ctrl-A goes to the guest")
  func plainBytes() {
    let bytes = (UInt8.min...UInt8.max).filter { $0 != 1 }
    #expect(events([bytes]) == bytes.map(Event.byte))
  }

  @Test(
    "Ctrl-A and a letter",
    arguments: [
      ("x", EscapeFilter.Command.quit), ("b", .sendBreak), ("s", .screenshot), ("h", .help),
      ("?", .help),
    ])
  func command(letter: String, command: EscapeFilter.Command) {
    let bytes = [1] + Array(letter.utf8)
    #expect(events([bytes]) == [.command(command)])
    // A terminal may hand them over one by one.
    #expect(events(bytes.map { [$0] }) == [.command(command)])
  }

  @Test("Ctrl-A twice, or Ctrl-A a, sends one Ctrl-A", arguments: [1, UInt8(ascii: "a")])
  func escapedEscape(second: UInt8) {
    #expect(events([[1, second, UInt8(ascii: "x")]]) == [.byte(1), .byte(UInt8(ascii: "x"))])
  }

  @Test("any other letter after Ctrl-A does nothing, and the next one is the guest's")
  func unknownCommand() {
    #expect(events([[1, UInt8(ascii: "z"), UInt8(ascii: "x")]]) == [.byte(UInt8(ascii: "x"))])
  }

  @Test("commands keep their place between bytes")
  func order() {
    #expect(
      events([Array("ab".utf8) + [1] + Array("bcd".utf8)])
        == [
          .byte(UInt8(ascii: "a")), .byte(UInt8(ascii: "b")), .command(.sendBreak),
          .byte(UInt8(ascii: "c")), .byte(UInt8(ascii: "d")),
        ])
  }

  @Test("how input is cut into pieces changes nothing", arguments: 0..<50)
  func chunks(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let alphabet: [UInt8] = [1, 1, UInt8(ascii: "x"), UInt8(ascii: "a"), UInt8(ascii: "b"), 0, 255]
    let bytes = (0..<200).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
    var chunks: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...5, using: &random)
      chunks.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    #expect(events(chunks) == events([bytes]), "seed \(seed)")
  }
}
