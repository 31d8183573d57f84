import ArgumentParser

/// An option's value that is one of a few words: an enumeration with the words as raw values.
///
/// The option parser can do all this itself, by key paths and by string interpolation. Those look up
/// conformances at run time, which took a twelfth of a start-up.
protocol WordArgument: ExpressibleByArgument, CaseIterable, RawRepresentable
where RawValue == String {}

extension WordArgument {
  public var defaultValueDescription: String { rawValue }
  public static var allValueStrings: [String] { allCases.map { $0.rawValue } }
  public static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
