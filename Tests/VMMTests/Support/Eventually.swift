import Glibc
import Testing

@testable import VMM

/// What a test waits for and does not get.
struct NeverHappened: Error {}

/// Waits until `condition` holds. So long that only what never happens is given up, also on a busy
/// host.
func eventually(
  _ condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let deadline = monotonicNanoseconds() + 30_000_000_000
  while try !condition() {
    guard monotonicNanoseconds() < deadline else {
      Issue.record("what the test waits for does not happen", sourceLocation: sourceLocation)
      throw NeverHappened()
    }
    usleep(20)
  }
}
