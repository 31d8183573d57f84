import Synchronization

/// Counts the instructions that the assist has executed, over all vCPUs.
final class AssistCounters: Sendable {
  private struct State: Sendable {
    var counts = [UInt64](repeating: 0, count: Mnemonic.allCases.count)
  }

  private let state = Mutex(State())

  /// Counts one. An instruction that ended in an exception counts, too.
  func count(_ mnemonic: Mnemonic) {
    state.withLock { $0.counts[Int(mnemonic.rawValue)] &+= 1 }
  }

  /// By instruction, the most frequent first, without those that never came up.
  var statistics: [AssistedInstructions] {
    let counts = state.withLock { $0.counts }
    return Mnemonic.allCases
      .map { AssistedInstructions(mnemonic: $0.name, count: counts[Int($0.rawValue)]) }
      .filter { $0.count > 0 }
      .sorted { ($1.count, $0.mnemonic) < ($0.count, $1.mnemonic) }
  }
}

/// How often the assist has executed one instruction that the host's KVM does not emulate.
public struct AssistedInstructions: Equatable, Sendable {
  /// Lower case: `popcnt`.
  public let mnemonic: String
  public let count: UInt64
}
