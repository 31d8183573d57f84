import CProcess
import SystemPackage

/// A pipe that no child inherits by accident.
struct Pipe {
  let reader: FileDescriptor
  let writer: FileDescriptor

  init() throws {
    var reader: Int32 = -1
    var writer: Int32 = -1
    let result = unsafe cprocess_pipe(&reader, &writer)
    guard result == 0 else { throw Errno(rawValue: -result) }
    self.reader = FileDescriptor(rawValue: reader)
    self.writer = FileDescriptor(rawValue: writer)
  }

  func close() {
    try? reader.close()
    try? writer.close()
  }
}
