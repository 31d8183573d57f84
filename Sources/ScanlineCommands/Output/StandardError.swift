import SystemPackage

/// Our own words go to standard error; standard output belongs to the guest.
enum StandardError {
  /// Writes one line with our name in front. Losing it is no reason to fail.
  static func say(_ message: String) {
    write("scanline: \(message)\n")
  }

  static func write(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
