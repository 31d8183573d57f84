import Glibc
import SystemPackage
import TestSupport
import Testing
import VMM

@testable import ScanlineCommands

@Suite("Exit statuses", .generousTimeLimit)
struct ExitStatusTests {
  @Test("a debug exit ends with (v << 1) | 1, in eight bits")
  func debugExit() {
    for value: UInt32 in [0, 1, 21, 127, 128, 255, 256, .max] {
      let expected = Int32((UInt64(value) << 1 | 1) & 0xFF)
      #expect(Ending.debugExit(value: value).processEnd == .status(expected))
    }
  }

  @Test("ours are even, so that none is a guest's")
  func even() {
    for status in [
      ExitStatus.success, ExitStatus.userQuit, ExitStatus.usage, ExitStatus.image,
      ExitStatus.crash, ExitStatus.host, ExitStatus.io, ExitStatus.timeout,
    ] {
      #expect(status % 2 == 0)
      #expect(ExitStatus.table.contains("  \(status) "), "\(status) is not in the table")
    }
    // Of a command that runs no guest of the user's.
    #expect(ExitStatus.table.contains("  \(ExitStatus.lostPages) "))
  }

  @Test("switching off is a success, a panic a crash")
  func guestEndings() {
    #expect(Ending.poweredOff.processEnd == .status(ExitStatus.success))
    #expect(Ending.guestPanicked.processEnd == .status(ExitStatus.crash))
  }

  @Test("a signal, and a reader that has gone, end the process by a signal")
  func signals() {
    #expect(Ending.signal(SIGTERM).processEnd == .signal(SIGTERM))
    #expect(Ending.outputClosed.processEnd == .signal(SIGPIPE))
  }

  private static let readmeBytes = try? readFile("\(PackageRoot.path)/README.md")

  @Test(
    "README's table has the statuses of --help, in order",
    .enabled(if: readmeBytes != nil, "needs a README"))
  func readme() throws {
    let sections = text(try #require(Self.readmeBytes)).lowercased().split(separator: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix("exit status") })
    let documented = section.split(separator: "\n").compactMap { line in
      line.firstMatch(of: /^\|\s*`?(\d+)`?\s*\|/).flatMap { Int32($0.output.1) }
    }
    let known = ExitStatus.table.split(separator: "\n").compactMap { line in
      line.firstMatch(of: #/^ +(\d+) /#).flatMap { Int32($0.output.1) }
    }
    #expect(documented == known)
  }
}
