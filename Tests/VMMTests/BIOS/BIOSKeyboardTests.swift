import CKVM
import Devices
import KVM
import Testing

@testable import VMM

@Suite("BIOS: keyboard")
struct BIOSKeyboardTests {
  /// The keys that INT 16h AH=10h returns until there is none.
  private func keys(_ bench: inout BIOSBench) -> [UInt16] {
    var keys: [UInt16] = []
    while keys.count < 32 {
      let (call, outcome) = bench.callWithOutcome(0x16) { $0.ah = 0x10 }
      guard case .returns = outcome else { break }
      keys.append(call.ax)
    }
    return keys
  }

  @Test("keys have the codes of the technical reference, with each of the shifts")
  func codes() throws {
    let cases: [(shifts: KeyCode.Shifts, code: UInt8, isExtended: Bool, key: UInt16?)] = [
      ([], 0x1E, false, 0x1E61), (.leftShift, 0x1E, false, 0x1E41),
      (.capsLock, 0x1E, false, 0x1E41), ([.capsLock, .rightShift], 0x1E, false, 0x1E61),
      (.control, 0x1E, false, 0x1E01), (.alt, 0x1E, false, 0x1E00),
      ([], 0x02, false, 0x0231), (.leftShift, 0x02, false, 0x0221), (.alt, 0x02, false, 0x7800),
      (.capsLock, 0x02, false, 0x0231), (.control, 0x02, false, nil),
      (.control, 0x03, false, 0x0300), (.control, 0x0C, false, 0x0C1F),
      ([], 0x01, false, 0x011B), ([], 0x1C, false, 0x1C0D), (.control, 0x1C, false, 0x1C0A),
      ([], 0x0E, false, 0x0E08), (.control, 0x0E, false, 0x0E7F), ([], 0x0F, false, 0x0F09),
      (.leftShift, 0x0F, false, 0x0F00), ([], 0x39, false, 0x3920), ([], 0x29, false, 0x2960),
      ([], 0x2B, false, 0x2B5C), (.leftShift, 0x35, false, 0x353F),
      ([], 0x3B, false, 0x3B00), (.leftShift, 0x3B, false, 0x5400), (.control, 0x3B, false, 0x5E00),
      (.alt, 0x3B, false, 0x6800), ([], 0x44, false, 0x4400), ([], 0x57, false, 0x8500),
      (.alt, 0x58, false, 0x8C00), ([], 0x48, true, 0x48E0), (.control, 0x4B, true, 0x73E0),
      (.alt, 0x50, true, 0xA000), ([], 0x48, false, 0x4800), (.numLock, 0x48, false, 0x4838),
      ([.numLock, .leftShift], 0x48, false, 0x4800), ([], 0x4E, false, 0x4E2B),
      ([], 0x1C, true, 0xE00D), ([], 0x35, true, 0xE02F), ([], 0x37, false, 0x372A),
      ([], 0x54, false, nil), ([], 0x5B, true, nil), ([], 0x00, false, nil),
    ]
    for (shifts, code, isExtended, key) in cases {
      let found = KeyCode(scanCode: code, isExtended: isExtended, shifts)?.word
      #expect(found == key, "\(code.hexadecimal) with \(shifts)")
    }
  }

  @Test("no scan code traps, whatever is held")
  func everyScanCode() {
    for shifts in UInt8.min...UInt8.max {
      for code in UInt8.min...UInt8.max {
        for isExtended in [false, true] {
          _ = KeyCode(
            scanCode: code, isExtended: isExtended, KeyCode.Shifts(rawValue: shifts))
        }
      }
    }
  }

  @Test("presses and releases become keys, in order")
  func typing() throws {
    var bench = try BIOSBench()
    bench.press(0x2A, 0x23, 0xA3, 0xAA, 0x17, 0x97)
    bench.press(0xE0, 0x48, 0xE0, 0xC8)
    #expect(keys(&bench) == [0x2348, 0x1769, 0x48E0])
  }

  @Test("shift states are in the data area and in INT 16h, left and right")
  func shiftStates() throws {
    var bench = try BIOSBench()
    bench.press(0x2A, 0x1D, 0x3A)
    #expect(bench.call(0x16) { $0.ah = 0x02 }.al == 0x46)
    #expect(bench.call(0x16) { $0.ah = 0x12 }.ax == 0x0146)
    bench.press(0xE0, 0x1D, 0x9D)
    #expect(bench.call(0x16) { $0.ah = 0x12 }.ax == 0x0446)
    bench.press(0xE0, 0x9D, 0xAA, 0x3A)
    #expect(bench.memory.byte(BIOSDataArea.keyboardFlags) == 0)
  }

  @Test("Pause types nothing, and what follows it is not lost")
  func pause() throws {
    var bench = try BIOSBench()
    bench.press(0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5, 0x1E)
    #expect(keys(&bench) == [0x1E61])
    #expect(bench.memory.byte(BIOSDataArea.keyboardFlags) == 0)
  }

  @Test("Alt and digits of the keypad type a character by its number")
  func altNumber() throws {
    var bench = try BIOSBench()
    bench.press(0x38, 0x4F, 0xCF, 0x50, 0xD0, 0x51, 0xD1, 0xB8)
    #expect(keys(&bench) == [123])
  }

  @Test("the buffer holds fifteen keys, and then none are lost but the new ones")
  func fullBuffer() throws {
    var bench = try BIOSBench()
    for _ in 0..<20 { bench.press(0x1E, 0x9E) }
    #expect(keys(&bench) == [UInt16](repeating: 0x1E61, count: 15))
    #expect(
      bench.call(0x16) {
        $0.ah = 0x05
        $0.cx = 0x1234
      }.al == 0)
    #expect(keys(&bench) == [0x1234])
  }

  @Test("a read waits while there is no key, and a peek tells by the zero flag")
  func waiting() throws {
    var bench = try BIOSBench()
    let read = bench.callWithOutcome(0x16)
    #expect("\(read.outcome)" == "waitsForInterrupt")
    #expect(bench.call(0x16) { $0.ah = 0x01 }.zero)
    bench.press(0x1E)
    let peek = bench.call(0x16) { $0.ah = 0x01 }
    #expect(!peek.zero && peek.ax == 0x1E61)
    #expect(bench.call(0x16).ax == 0x1E61)
  }

  @Test("the calls for 83 keys see grey keys as the keypad's, and skip F11")
  func oldCalls() throws {
    var bench = try BIOSBench()
    bench.press(0x57, 0xD7, 0xE0, 0x4B, 0xE0, 0xCB, 0xE0, 0x1C)
    #expect(bench.call(0x16).ax == 0x4B00)
    #expect(bench.call(0x16).ax == 0x1C0D)
    #expect(bench.call(0x16) { $0.ah = 0x01 }.zero)
  }

  @Test("Control, Alt and Delete reset the machine")
  func reset() throws {
    var bench = try BIOSBench()
    bench.press(0x1D, 0x38, 0x53)
    #expect(bench.requests.resets == 1)
    _ = bench.call(0x19)
    #expect(bench.requests.resets == 2)
  }
}
