import Testing

@testable import VMM

@Suite("Disassembler")
struct DisassemblerTests {
  @Test(
    "libraries that are not there, or are other ones",
    arguments: [[], ["libscanline-has-none.so.0"], ["libm.so.6"], ["/proc/self/maps"]])
  func absent(libraries: [String]) {
    #expect(Disassembler(libraries: libraries) == nil)
  }

  @Test("a report without one says which package brings it")
  func remedy() throws {
    let report = CrashReport(
      cause: .tripleFault, state: try StateBuilder(code: [0x0F, 0x0B]).state, cpu: 0,
      resetsAtShutdown: false)
    let lines = report.details(nil)
    #expect(lines.contains("no disassembly: install libcapstone4 (or libcapstone5) for it"))
    #expect(!lines.contains { $0.hasPrefix("=>") })
  }

  /// No host needs to have the library; where one has, what it says is checked.
  @Test(
    "instructions of every width",
    arguments: [
      (64, [0x48, 0x89, 0xD8, 0x0F, 0x0B, 0xC3], ["mov rax, rbx", "ud2", "ret"]),
      (32, [0x60, 0xB8, 0x78, 0x56, 0x34, 0x12, 0xF4], ["pushal", "mov eax, 0x12345678", "hlt"]),
      (16, [0xB8, 0x34, 0x12, 0x9B], ["mov ax, 0x1234", "wait"]),
    ] as [(Int, [UInt8], [String])])
  func widths(bits: Int, code: [UInt8], expected: [String]) {
    guard let disassembler = Disassembler.installed else { return }
    let found = disassembler.instructions(in: code, at: 0x1000, bits: bits, count: 5)
    #expect(found.map(\.text) == expected)
    #expect(found.flatMap(\.bytes) == code)
    #expect(found.first?.address == 0x1000)
    #expect(found.last?.address == 0x1000 + UInt64(code.count - (found.last?.bytes.count ?? 0)))
    #expect(disassembler.instructions(in: code, at: 0x1000, bits: bits, count: 1).count == 1)
  }

  @Test("no bytes, half an instruction, none at all")
  func broken() {
    guard let disassembler = Disassembler.installed else { return }
    for code in [[], [0x0F], [0xB8, 0x01], [0x06, 0x90]] as [[UInt8]] {
      #expect(disassembler.instructions(in: code, at: .max, bits: 64, count: 5) == [])
    }
  }
}
