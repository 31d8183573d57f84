import SystemPackage

/// The checkout that these tests were compiled from.
public enum PackageRoot {
  /// The folder of `Package.swift`.
  public static let path: String = {
    // Tests/TestSupport/PackageRoot.swift
    var path = FilePath(#filePath)
    path.components.removeLast(3)
    return path.string
  }()
}
