import ArgumentParser

/// An option's value that is `auto` or one of a few words.
enum AutoOr<Word>: ExpressibleByArgument
where Word: CaseIterable & RawRepresentable & Sendable, Word.RawValue == String {
  case auto
  case named(Word)

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let word = Word(rawValue: argument) {
      self = .named(word)
    } else {
      return nil
    }
  }

  /// nil for `auto`.
  var word: Word? {
    if case .named(let word) = self { word } else { nil }
  }

  var defaultValueDescription: String { word?.rawValue ?? "auto" }

  static var allValueStrings: [String] { ["auto"] + Word.allCases.map { $0.rawValue } }
}
