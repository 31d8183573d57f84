import SystemPackage

/// A file that a boot loader puts into memory beside a kernel.
public struct BootModule: Sendable {
  public let file: ImageFile
  /// What the kernel is told about it: arguments, or the name of the file.
  public let text: String

  /// - Parameter arguments: For the kernel; nil for the last component of the file's path.
  public init(_ file: ImageFile, arguments: String? = nil) {
    self.file = file
    text = arguments ?? FilePath(file.name).lastComponent?.string ?? file.name
  }
}
