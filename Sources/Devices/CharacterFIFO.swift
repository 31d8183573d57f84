/// A queue of at most sixteen characters, each with the line conditions it arrived with.
///
/// Characters and conditions are two shift registers of sixteen bytes, the oldest in the low byte,
/// like the RAM and the "three error bits per character" of the 16550A's receiver. Unused bytes are
/// zero, so equal queues are equal values.
struct CharacterFIFO: Equatable, Sendable {
  /// The size of the 16550A's FIFOs.
  static let capacity = 16

  private var characters: UInt128 = 0
  private var conditions: UInt128 = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Whether any character still carries a condition that nobody has taken.
  var hasConditions: Bool { conditions != 0 }

  /// Adds a character at the end; the caller has checked that there is room.
  mutating func append(_ character: UInt8, conditions status: UInt8 = 0) {
    guard count < Self.capacity else { return }
    characters |= UInt128(character) << UInt128(8 * count)
    conditions |= UInt128(status) << UInt128(8 * count)
    count += 1
  }

  /// Removes the oldest character.
  mutating func popFirst() -> UInt8? {
    guard count > 0 else { return nil }
    let character = UInt8(truncatingIfNeeded: characters)
    characters >>= 8
    conditions >>= 8
    count -= 1
    return character
  }

  /// Takes the conditions of the oldest character, which then has none.
  mutating func takeFirstConditions() -> UInt8 {
    let first = UInt8(truncatingIfNeeded: conditions)
    conditions &= ~0xFF
    return first
  }

  mutating func removeAll() { self = CharacterFIFO() }

  /// Traps if the representation is inconsistent; for tests.
  func _checkInvariants() {
    precondition((0...Self.capacity).contains(count))
    if count < Self.capacity {
      precondition(characters >> UInt128(8 * count) == 0, "characters past the end")
      precondition(conditions >> UInt128(8 * count) == 0, "conditions past the end")
    }
  }
}
