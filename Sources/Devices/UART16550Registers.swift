/// The register bits of the 16550A, by the names of the datasheet.
///
/// National Semiconductor PC16550D and Texas Instruments TL16C550C, "Accessible registers".
extension UART16550 {
  /// A register's offset from the base port. Some offsets are two registers: one for reading and
  /// one for writing, or another pair while ``LineControl/divisorLatchAccess`` is set.
  public enum Register {
    /// RBR, the receiver buffer (read), and THR, the transmitter holding register (write); DLL
    /// with the divisor latch open.
    public static let data: UInt8 = 0
    /// IER; DLM with the divisor latch open.
    public static let interruptEnable: UInt8 = 1
    /// IIR (read).
    public static let interruptIdentification: UInt8 = 2
    /// FCR (write).
    public static let fifoControl: UInt8 = 2
    /// LCR.
    public static let lineControl: UInt8 = 3
    /// MCR.
    public static let modemControl: UInt8 = 4
    /// LSR.
    public static let lineStatus: UInt8 = 5
    /// MSR.
    public static let modemStatus: UInt8 = 6
    /// SCR.
    public static let scratch: UInt8 = 7
  }

  /// IER: which conditions may raise the interrupt.
  public struct InterruptEnable: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// ERBFI: received data available, and with FIFOs the character time-out.
    public static let receivedData = Self(rawValue: 0x01)
    /// ETBEI: transmitter holding register empty.
    public static let transmitterEmpty = Self(rawValue: 0x02)
    /// ELSI: overrun, parity and framing errors, break.
    public static let lineStatus = Self(rawValue: 0x04)
    /// EDSSI: a delta bit of the modem status.
    public static let modemStatus = Self(rawValue: 0x08)
    /// Bits 4 to 7 "are always cleared".
    static let implemented: Self = [
      .receivedData, .transmitterEmpty, .lineStatus, .modemStatus,
    ]
  }

  /// FCR: write only; bits 1 and 2 clear themselves.
  public struct FIFOControl: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Enables both FIFOs; changing it clears them. Must be set while other bits are written, "or
    /// they will not be programmed".
    public static let enable = Self(rawValue: 0x01)
    /// Clears the receiver FIFO.
    public static let receiverReset = Self(rawValue: 0x02)
    /// Clears the transmitter FIFO.
    public static let transmitterReset = Self(rawValue: 0x04)
    /// DMA mode 1 for the pins RXRDY and TXRDY, which a PC does not connect.
    public static let dmaMode = Self(rawValue: 0x08)
    /// The trigger level of the received-data interrupt: 1, 4, 8 or 14 characters.
    public static let triggerLevel = Self(rawValue: 0xC0)
  }

  /// LCR: the format of a character on the line, and two switches.
  public struct LineControl: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Holds the output at "spacing": whatever is transmitted meanwhile is lost.
    public static let setBreak = Self(rawValue: 0x40)
    /// DLAB: registers 0 and 1 are the divisor latch.
    public static let divisorLatchAccess = Self(rawValue: 0x80)
  }

  /// MCR: the modem control outputs, and loopback.
  public struct ModemControl: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// DTR: data terminal ready.
    public static let dataTerminalReady = Self(rawValue: 0x01)
    /// RTS: request to send.
    public static let requestToSend = Self(rawValue: 0x02)
    /// OUT1: free for the board's use; a PC leaves it open.
    public static let out1 = Self(rawValue: 0x04)
    /// OUT2: on a PC it enables the driver between the interrupt output and the ISA bus.
    public static let out2 = Self(rawValue: 0x08)
    /// Connects the transmitter to the receiver and the modem outputs to the modem inputs.
    public static let loopback = Self(rawValue: 0x10)
    /// Bits 5 to 7 are "permanently set to logic 0".
    static let implemented: Self = [
      .dataTerminalReady, .requestToSend, .out1, .out2, .loopback,
    ]
  }

  /// LSR: what transmitter and receiver have to say.
  public struct LineStatus: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// DR: at least one character can be read.
    public static let dataReady = Self(rawValue: 0x01)
    /// OE: a character arrived and there was no room for it.
    public static let overrunError = Self(rawValue: 0x02)
    /// PE: the character was received with the wrong parity.
    public static let parityError = Self(rawValue: 0x04)
    /// FE: the character had no valid stop bit.
    public static let framingError = Self(rawValue: 0x08)
    /// BI: the line was held at "spacing" for longer than a character.
    public static let breakInterrupt = Self(rawValue: 0x10)
    /// THRE: the transmitter holding register, or with FIFOs the transmitter FIFO, is empty.
    public static let transmitterHoldingEmpty = Self(rawValue: 0x20)
    /// TEMT: the shift register is empty, too.
    public static let transmitterEmpty = Self(rawValue: 0x40)
    /// A character in the receiver FIFO has a parity or framing error or is a break.
    public static let fifoError = Self(rawValue: 0x80)
    /// What belongs to one character and travels through the FIFO with it.
    public static let characterErrors: Self = [.parityError, .framingError, .breakInterrupt]
    /// What raises the line status interrupt, and what reading LSR clears.
    public static let errors: Self = characterErrors.union(.overrunError)
  }

  /// MSR: the modem inputs in the high half, what changed since the last read in the low half.
  public struct ModemStatus: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// DCTS: CTS has changed.
    public static let deltaClearToSend = Self(rawValue: 0x01)
    /// DDSR: DSR has changed.
    public static let deltaDataSetReady = Self(rawValue: 0x02)
    /// TERI: RI has gone from asserted to not asserted.
    public static let trailingEdgeRingIndicator = Self(rawValue: 0x04)
    /// DDCD: DCD has changed.
    public static let deltaDataCarrierDetect = Self(rawValue: 0x08)
    /// CTS: clear to send.
    public static let clearToSend = Self(rawValue: 0x10)
    /// DSR: data set ready.
    public static let dataSetReady = Self(rawValue: 0x20)
    /// RI: ring indicator.
    public static let ringIndicator = Self(rawValue: 0x40)
    /// DCD: data carrier detect.
    public static let dataCarrierDetect = Self(rawValue: 0x80)
    /// The four that reading MSR clears.
    public static let deltas = Self(rawValue: 0x0F)
  }

  /// The source that IIR names, in the encoding of its bits 0 to 3.
  public enum Interrupt: UInt8, Sendable {
    /// First priority; cleared by reading LSR.
    case lineStatus = 0x06
    /// Second; cleared by reading RBR until fewer characters than the trigger level are left.
    case receivedData = 0x04
    /// Second, with FIFOs only; cleared by reading RBR.
    case characterTimeout = 0x0C
    /// Third; cleared by reading IIR while it names this source, or by writing THR.
    case transmitterEmpty = 0x02
    /// Fourth; cleared by reading MSR.
    case modemStatus = 0x00
  }
}
