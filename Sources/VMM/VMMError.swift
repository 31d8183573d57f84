public import KVM

/// Why a machine could not be built or run.
///
/// What the *guest* does wrong is never one of these: that is an ``Ending``.
public struct VMMError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whose fault it is. The command line gives each kind its own exit status.
  public enum Kind: Sendable {
    /// A setting that no machine can have.
    case usage
    /// An image that cannot be loaded.
    case image
    /// A host that cannot run the machine.
    case host
    /// A file or a stream that cannot be read or written.
    case io
  }

  public let kind: Kind

  /// One sentence: the thing, the value and the remedy.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// A KVM call that failed while the machine was built.
  public init(_ error: KVMError) {
    self.init(.host, error.description)
  }
}

/// Runs `body`, turning a failed KVM call into a ``VMMError`` of the kind `host`.
func onHost<Result: ~Copyable>(
  _ body: () throws(KVMError) -> Result
) throws(VMMError) -> Result {
  do {
    return try body()
  } catch {
    throw VMMError(error)
  }
}
