import CKVM
import Devices
import Display
import KVM
import Synchronization

@testable import VMM

/// The BIOS's services without a vCPU: calls go in as registers, and come out as registers.
struct BIOSBench {
  /// What the services ask the machine for.
  final class Requests: Sendable {
    private let state = Mutex((endings: [String](), resets: 0))
    var endings: [String] { state.withLock { $0.endings } }
    var resets: Int { state.withLock { $0.resets } }
    func stop(_ ending: Ending) { state.withLock { $0.endings.append(ending.label) } }
    func reset() { state.withLock { $0.resets += 1 } }
  }

  /// Keeps what is printed.
  final class Printer: ByteSink {
    private let bytes = Mutex<[UInt8]>([])
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
    func write(_ byte: UInt8) { bytes.withLock { $0.append(byte) } }
  }

  let memory: RealModeMemory
  let requests = Requests()
  let printer = Printer()
  var services: BIOSServices

  static let stack: UInt32 = 0x7000

  /// - Parameters:
  ///   - disk: The image's bytes; its first sector becomes a boot sector. nil for a `.COM` program.
  ///   - memoryAbove4GiB: What the memory maps tell; there is none.
  ///   - devices: Beside the display.
  init(
    disk: [UInt8]? = nil, memoryAbove4GiB: UInt64 = 0,
    devices: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)] = []
  ) throws {
    let memory = RealModeMemory(ram: try GuestMemory(size: 4 << 20))
    self.memory = memory
    let display = BochsDisplay(videoMemorySize: 16 << 20)
    let image =
      if var disk {
        try {
          disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
          return try BIOSImage(disk: ImageFile(name: "disk", bytes: disk))
        }()
      } else {
        try BIOSImage(program: ImageFile(name: "program", bytes: [0xC3]))
      }
    let vga = VGA(display: display, clock: { 0 })
    services = BIOSServices(
      hardware: BIOSServices.Hardware(
        memory: memory, memoryBelow4GiB: 4 << 20, memoryAbove4GiB: memoryAbove4GiB,
        display: display,
        vga: vga,
        ports: PortBus([(BochsDisplay.ports, display), (VGA.ports, vga)] + devices),
        teletype: printer, restEvent: nil, stop: { [requests] in requests.stop($0) },
        reset: { [requests] in requests.reset() }),
      image: image)
    _ = memory.write(BIOSROM.vectors, at: 0)
    _ = memory.write(
      BIOSDataArea.contents(drive: image.disk?.drive ?? 0, hasDisk: image.disk != nil, ticks: 0),
      at: BIOSDataArea.serialPorts)
    _ = call(0x10) { $0.ax = 3 }
  }

  /// Makes a call, with registers that are 0 but for what `prepare` sets.
  mutating func call(
    _ vector: UInt8, _ prepare: (inout BIOSCall) -> Void = { _ in }
  ) -> BIOSCall {
    callWithOutcome(vector, prepare).call
  }

  mutating func callWithOutcome(
    _ vector: UInt8, _ prepare: (inout BIOSCall) -> Void = { _ in }
  ) -> (call: BIOSCall, outcome: BIOSCall.Outcome) {
    var registers = Registers()
    registers.rsp = UInt64(Self.stack)
    var call = BIOSCall(
      vector: vector, registers: registers, special: SpecialRegisters(), memory: memory)
    prepare(&call)
    let outcome = services.serve(&call)
    return (call, outcome)
  }

  /// Prints `text` with INT 10h AH=0Eh.
  mutating func print(_ text: String) {
    for byte in text.utf8 { _ = call(0x10) { $0.ax = 0x0E00 | UInt16(byte) } }
  }

  /// The characters of a row of the first page, of 80 columns.
  func row(_ row: UInt32) -> String {
    let cells = (0..<80).map { memory.byte(0xB8000 + 2 * (80 * row + $0)) }
    var text = String(decoding: cells, as: UTF8.self)
    while text.last == " " { text.removeLast() }
    return text
  }

  /// A key of scan code set 1 comes, as INT 09h gets it.
  mutating func press(_ codes: UInt8...) {
    for code in codes { _ = call(0x09) { $0.al = code } }
  }
}
