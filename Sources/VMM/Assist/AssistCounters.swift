import Synchronization

/// Counts the instructions that the assist has executed, over all vCPUs.
final class AssistCounters: Sendable {
  private struct State: Sendable {
    var counts: [Mnemonic: UInt64] = [:]
  }

  private let state = Mutex(State())

  /// Counts one. An instruction that ended in an exception counts, too.
  func count(_ mnemonic: Mnemonic) {
    state.withLock { $0.counts[mnemonic, default: 0] &+= 1 }
  }

  /// By the instructions' names, the most frequent first.
  var statistics: [AssistedInstructions] {
    let counts = state.withLock { $0.counts }
    return Dictionary(counts.map { ($0.name, $1) }, uniquingKeysWith: &+)
      .map { AssistedInstructions(mnemonic: $0, count: $1) }
      .sorted { ($1.count, $0.mnemonic) < ($0.count, $1.mnemonic) }
  }
}

/// How often the assist has executed one instruction that the host's KVM does not emulate.
public struct AssistedInstructions: Equatable, Sendable {
  /// Lower case: `popcnt`.
  public let mnemonic: String
  public let count: UInt64
}
