/// Writes a frame as an image file.
///
/// A new format is one type that conforms, and one entry in ``PictureFormat/encoders``.
public protocol ImageEncoder: Sendable {
  /// The extension of such files, lower case and without the dot.
  var fileExtension: String { get }

  /// Writes `frame` piece by piece, in order. At no time is more than a few rows or a chunk of
  /// 64 KiB buffered.
  ///
  /// - Parameters:
  ///   - frame: The picture.
  ///   - write: Takes the next bytes of the file; they are valid only during the call.
  /// - Throws: ``ImageEncodingError``; nothing has been written if it is
  ///   ``ImageEncodingError/emptyFrame``.
  func encode<WriteError: Error>(
    _ frame: borrowing Frame, to write: (Span<UInt8>) throws(WriteError) -> Void
  ) throws(ImageEncodingError<WriteError>)
}

/// Why a frame could not be written as an image.
public enum ImageEncodingError<WriteError: Error>: Error, CustomStringConvertible {
  /// The frame has no pixels: the guest has switched the display off, or never on.
  case emptyFrame
  /// zlib could not compress: there was not enough memory.
  case compression
  /// The bytes could not be written.
  case write(WriteError)

  public var description: String {
    switch self {
    case .emptyFrame: "the display is switched off: there is no picture to write"
    case .compression: "zlib could not compress the image: not enough memory"
    case .write(let error): "the image could not be written: \(error)"
    }
  }
}

/// The image formats that frames can be written in.
public enum PictureFormat {
  /// All encoders.
  public static let encoders: [any ImageEncoder] = [PPMEncoder(), PNGEncoder()]

  /// The encoder for files whose name ends in `.` and `fileExtension`, in upper or lower case;
  /// `nil` if there is none.
  public static func encoder(forFileExtension fileExtension: String) -> (any ImageEncoder)? {
    let fileExtension = fileExtension.lowercased()
    return encoders.first { $0.fileExtension == fileExtension }
  }
}
