import ArgumentParser
import VMM

/// Which device of the guest's standard input is.
enum InputTarget: String, WordArgument {
  case auto, serial, keyboard

  /// Whether input is typed. A program that was written for a PC's BIOS has no other way to ask for
  /// it; what starts in any other way knows the serial port.
  func types(for image: BootImage) -> Bool {
    switch self {
    case .auto: [.boot, .com].contains(image.format) || image.callsBIOS
    case .serial: false
    case .keyboard: true
    }
  }
}

/// Where text goes that the guest prints with INT 10h.
enum TeletypeTarget: String, WordArgument {
  case both, screen
}
