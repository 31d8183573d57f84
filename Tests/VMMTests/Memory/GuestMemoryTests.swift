import KVM
import TestSupport
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct GuestMemoryTests {
  private static let gibibyte: UInt64 = 1 << 30

  @Test("RAM below the hole is one range")
  func small() throws {
    let memory = try GuestMemory(size: 8 << 20)
    #expect(memory.ranges.count == 1)
    #expect(memory.sizeBelow4GiB == 8 << 20)
    #expect(memory.sizeAbove4GiB == 0)
    #expect(memory.end == 0x80_0000)
  }

  @Test("RAM that does not fit below the hole continues at 4 GiB")
  func large() throws {
    let memory = try GuestMemory(size: 5 << 30)
    #expect(memory.ranges.map(\.start) == [0, 0x1_0000_0000])
    #expect(memory.ranges.map(\.size) == [3 << 30, 2 << 30])
    #expect(memory.ranges.map(\.offset) == [0, 3 << 30])
    #expect(memory.sizeBelow4GiB == 3 << 30)
    #expect(memory.sizeAbove4GiB == 2 << 30)
    #expect(memory.end == 0x1_8000_0000)
    #expect(try GuestMemory(size: 3 << 30).ranges.count == 1)
  }

  @Test("a VGA's memory is no RAM, and what lies behind it stays where it is")
  func hole() throws {
    let memory = try GuestMemory(size: 5 << 30, hasVGA: true)
    #expect(memory.ranges.map(\.start) == [0, 0xC_0000, 0x1_0000_0000])
    #expect(memory.ranges.map(\.offset) == [0, 0xC_0000, 3 << 30])
    #expect(memory.sizeBelow4GiB == 3 << 30)
    #expect(memory.sizeAbove4GiB == 2 << 30)
    #expect(try GuestMemory(size: 8 << 20, hasVGA: true).sizeAbove4GiB == 0)
  }

  @Test("a size that is no number of pages is refused", arguments: [0, 1, 4095, 4097, -4096])
  func badSize(size: Int) {
    #expect(throws: KVMError.self) { try GuestMemory(size: size) }
  }

  @Test("what was stored is there, little endian")
  func store() throws {
    let memory = try GuestMemory(size: 4096)
    #expect(memory.store(UInt32(0x1122_3344), at: 0x10))
    #expect(memory.store(UInt16(0x5566), at: 0x15))
    #expect(memory.read(8, at: 0x10) == [0x44, 0x33, 0x22, 0x11, 0, 0x66, 0x55, 0])
  }

  @Test("accesses at the edges of RAM are whole or nothing")
  func edges() throws {
    let memory = try GuestMemory(size: 5 << 30)
    for end in [3 * Self.gibibyte, 6 * Self.gibibyte] {
      #expect(memory.write([1, 2], at: GuestAddress(end - 2)))
      #expect(!memory.write([3, 4], at: GuestAddress(end - 1)))
      #expect(memory.read(2, at: GuestAddress(end - 2)) == [1, 2])
      #expect(memory.read(2, at: GuestAddress(end - 1)) == nil)
      #expect(!memory.store(UInt64.max, at: GuestAddress(end - 7)))
      #expect(memory.read(0, at: GuestAddress(end)) == [])
      #expect(memory.read(1, at: GuestAddress(end)) == nil)
    }
    // The two ranges lie side by side on the host, but not for the guest.
    #expect(memory.read(1, at: 0xFFFF_FFFF) == nil)
    #expect(memory.read(1, at: 0x1_0000_0000) == [0])
    #expect(memory.read(2, at: 0xFFFF_FFFF) == nil)
  }

  @Test("no address and no count traps")
  func extremes() throws {
    let memory = try GuestMemory(size: 4096)
    for address in [0, 1, 4095, 4096, .max - 1, .max] as [UInt64] {
      #expect(memory.read(.max, at: GuestAddress(address)) == nil)
      #expect(memory.read(-1, at: GuestAddress(address)) == nil)
      #expect(memory.read(.min, at: GuestAddress(address)) == nil)
      #expect(memory.store(UInt64(0), at: GuestAddress(address)) == (address < 4089))
    }
  }

  @Test("random accesses do what they do to an array", arguments: [1, 2, 3] as [UInt64])
  func model(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let size = 3 * 4096
    let memory = try GuestMemory(size: size)
    var model = [UInt8](repeating: 0, count: size)
    for step in 0..<2000 {
      // Most of them near an edge.
      let near = [0, 4096, size][Int(generator.next() % 3)]
      let address = near + Int(generator.next() % 64) - 32
      let count = Int(generator.next() % 48)
      let isInside = address >= 0 && address + count <= size
      let guestAddress = GuestAddress(UInt64(bitPattern: Int64(address)))
      if generator.next() % 2 == 0 {
        let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(memory.write(bytes, at: guestAddress) == isInside, "seed \(seed), step \(step)")
        if isInside { model.replaceSubrange(address..<address + count, with: bytes) }
      } else {
        let expected = isInside ? Array(model[address..<address + count]) : nil
        #expect(memory.read(count, at: guestAddress) == expected, "seed \(seed), step \(step)")
      }
    }
    let isSame = memory.read(size, at: 0) == model
    #expect(isSame, "seed \(seed)")
  }
}

@Suite struct GuestAddressTests {
  @Test(
    "addresses are written as C writes them",
    arguments: [
      (0, "0x0"), (0x7C00, "0x7c00"), (0x10_0000, "0x100000"), (.max, "0xffffffffffffffff"),
    ] as [(UInt64, String)])
  func description(value: UInt64, text: String) {
    #expect(GuestAddress(value).description == text)
  }

  @Test("digits are padded, never cut")
  func digits() {
    #expect(UInt8(0xA).hexadecimal(digits: 2) == "0x0a")
    #expect(UInt32(0xABC).hexadecimal(digits: 8) == "0x00000abc")
    #expect(UInt32(0xABC).hexadecimal(digits: 2) == "0xabc")
    #expect(UInt32(0).hexadecimal(digits: 0) == "0x0")
    #expect(UInt32(1).hexadecimal(digits: -3) == "0x1")
  }

  @Test("addresses compare as numbers")
  func order() {
    #expect(GuestAddress(0xFFFF_FFFF) < 0x1_0000_0000)
    #expect(GuestAddress(rawValue: 5) == 5)
  }
}
