/// The register bits and commands of the 8042, by the names of IBM's and Intel's manuals.
///
/// IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller".
extension I8042 {
  /// The status register, port 0x64.
  public struct Status: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// OBF: there is a byte to read at port 0x60.
    public static let outputBufferFull = Self(rawValue: 0x01)
    /// IBF: the controller has not taken the last byte written. Here it takes them at once.
    public static let inputBufferFull = Self(rawValue: 0x02)
    /// The self-test has passed: ``CommandByte/systemFlag``.
    public static let systemFlag = Self(rawValue: 0x04)
    /// The last byte written went to port 0x64.
    public static let commandWritten = Self(rawValue: 0x08)
    /// The keyboard is not locked by a key at the case, and this machine has none.
    public static let keyboardUnlocked = Self(rawValue: 0x10)
    /// The byte in the output buffer is the mouse's.
    public static let auxiliaryOutputBufferFull = Self(rawValue: 0x20)
    /// A device has not answered.
    public static let timeout = Self(rawValue: 0x40)
    /// A byte has arrived with the wrong parity.
    public static let parityError = Self(rawValue: 0x80)
  }

  /// The command byte, which ``Command/readCommandByte`` and ``Command/writeCommandByte`` access.
  public struct CommandByte: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// IRQ 1 for each byte of the keyboard.
    public static let keyboardInterrupt = Self(rawValue: 0x01)
    /// IRQ 12 for each byte of the mouse.
    public static let auxiliaryInterrupt = Self(rawValue: 0x02)
    /// Shows in ``Status/systemFlag``.
    public static let systemFlag = Self(rawValue: 0x04)
    /// Holds the keyboard's clock: it keeps its bytes.
    public static let disableKeyboard = Self(rawValue: 0x10)
    /// Holds the mouse's clock: it keeps its bytes.
    public static let disableAuxiliary = Self(rawValue: 0x20)
    /// Translates the keyboard's bytes from scan code set 2 to set 1.
    public static let translate = Self(rawValue: 0x40)
    /// As firmware leaves it: both devices connected, with interrupts, and keys in set 1.
    static let powerOn: Self = [.keyboardInterrupt, .auxiliaryInterrupt, .systemFlag, .translate]
  }

  /// The output port, which ``Command/readOutputPort`` and ``Command/writeOutputPort`` access.
  public struct OutputPort: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// 0 resets the processor.
    public static let resetInactive = Self(rawValue: 0x01)
    /// The A20 gate.
    public static let a20 = Self(rawValue: 0x02)
    /// IRQ 1: the output buffer is full with a byte of the keyboard's; read only.
    public static let keyboardOutputBufferFull = Self(rawValue: 0x10)
    /// IRQ 12: the output buffer is full with a byte of the mouse's; read only.
    public static let auxiliaryOutputBufferFull = Self(rawValue: 0x20)
    /// The device's clock and data lines are high.
    static let powerOn = Self(rawValue: 0xCC | 0x01)
    static let buffers: Self = [.keyboardOutputBufferFull, .auxiliaryOutputBufferFull]
  }

  /// What may be written to port 0x64. The controller ignores all others.
  public enum Command {
    /// Answers ``CommandByte``.
    public static let readCommandByte: UInt8 = 0x20
    /// Followed by the byte at port 0x60.
    public static let writeCommandByte: UInt8 = 0x60
    /// Holds the mouse's clock.
    public static let disableAuxiliary: UInt8 = 0xA7
    /// Releases the mouse's clock.
    public static let enableAuxiliary: UInt8 = 0xA8
    /// Answers 0: the mouse's lines are in order.
    public static let testAuxiliary: UInt8 = 0xA9
    /// Answers 0x55: passed.
    public static let selfTest: UInt8 = 0xAA
    /// Answers 0: the keyboard's lines are in order.
    public static let testKeyboard: UInt8 = 0xAB
    /// Holds the keyboard's clock.
    public static let disableKeyboard: UInt8 = 0xAD
    /// Releases the keyboard's clock.
    public static let enableKeyboard: UInt8 = 0xAE
    /// Answers jumpers and the lock: bit 7, the keyboard is not locked.
    public static let readInputPort: UInt8 = 0xC0
    /// Answers ``OutputPort``.
    public static let readOutputPort: UInt8 = 0xD0
    /// Followed by the value at port 0x60.
    public static let writeOutputPort: UInt8 = 0xD1
    /// Followed by a byte at port 0x60, which comes back as if the keyboard had sent it, but is not
    /// translated.
    public static let writeKeyboardOutputBuffer: UInt8 = 0xD2
    /// Followed by a byte at port 0x60, which comes back as if the mouse had sent it.
    public static let writeAuxiliaryOutputBuffer: UInt8 = 0xD3
    /// Followed by a byte at port 0x60 for the mouse.
    public static let writeAuxiliary: UInt8 = 0xD4
    /// Hewlett-Packard's short way to switch A20, which others have adopted.
    public static let disableA20: UInt8 = 0xDD
    /// See ``disableA20``.
    public static let enableA20: UInt8 = 0xDF
    /// Answers the clock lines: bit 0 the keyboard's, bit 1 the mouse's; a disabled one is low.
    public static let readTestInputs: UInt8 = 0xE0
    /// 0xF0 to 0xFF: pulses the output port's low four bits that are 0 in the command. 0xFE resets.
    public static let pulseOutputPort: ClosedRange<UInt8> = 0xF0...0xFF
  }
}
