import Devices
import KVM

/// Guest physical memory as the BIOS's callers address it: RAM, and the VGA's window where there is
/// one. What does not exist reads as all ones, and takes no stores, as on a PC's bus.
struct RealModeMemory: Sendable {
  let ram: GuestMemory
  /// nil on a machine without a VGA.
  var window: VGAWindow?

  /// The physical address of `segment`:`offset`. The A20 line is always on.
  static func linear(_ segment: UInt16, _ offset: UInt16) -> UInt32 {
    UInt32(segment) << 4 + UInt32(offset)
  }

  // MARK: Values

  func byte(_ address: UInt32) -> UInt8 { load(at: address) }
  func word(_ address: UInt32) -> UInt16 { load(at: address) }
  func long(_ address: UInt32) -> UInt32 { load(at: address) }

  private func load<Value: FixedWidthInteger & BitwiseCopyable>(at address: UInt32) -> Value {
    var value = ~Value.zero
    _ = unsafe access(MemoryLayout<Value>.size, at: address) { bytes in
      value = unsafe Value(littleEndian: bytes.loadUnaligned(as: Value.self))
    }
    return value
  }

  func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at address: UInt32) {
    _ = unsafe change(MemoryLayout<Value>.size, at: address) { bytes in
      unsafe bytes.storeBytes(of: value.littleEndian, as: Value.self)
    }
  }

  // MARK: Blocks

  /// nil unless all of it is memory.
  func read(_ count: Int, at address: UInt32) -> [UInt8]? {
    var copy: [UInt8]?
    _ = unsafe access(count, at: address) { copy = unsafe [UInt8]($0) }
    return copy
  }

  /// False, and nothing is written, unless all of it is memory.
  @discardableResult
  func write(_ bytes: [UInt8], at address: UInt32) -> Bool {
    unsafe change(bytes.count, at: address) { unsafe $0.copyBytes(from: bytes) }
  }

  /// Copies `count` bytes, also where both places overlap. False, and nothing is written, unless all
  /// of them are memory.
  @discardableResult
  func copy(_ count: Int, from source: UInt32, to destination: UInt32) -> Bool {
    var isDone = false
    _ = unsafe access(count, at: source) { source in
      isDone = unsafe change(count, at: destination) { destination in
        unsafe destination.copyMemory(from: UnsafeRawBufferPointer(source))
      }
    }
    return isDone
  }

  /// Stores `count` times the same word; nothing unless all of it is memory.
  func fill(_ count: Int, with word: UInt16, at address: UInt32) {
    _ = unsafe change(2 * count, at: address) { bytes in
      for index in 0..<count {
        unsafe bytes.storeBytes(of: word.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
      }
    }
  }

  // MARK: Where they lie

  /// Lets `body` write the bytes. KVM does not log what the host writes, so the display's log is told.
  private func change(
    _ count: Int, at address: UInt32, with body: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Bool {
    guard unsafe access(count, at: address, with: body) else { return false }
    if let window, let place = windowOffset(count, at: address) {
      window.log.markHostWrite(place..<place + count)
    }
    return true
  }

  /// False, and `body` is not called, unless all bytes are memory, and of one kind.
  private func access(
    _ count: Int, at address: UInt32, with body: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Bool {
    guard let window, let place = windowOffset(count, at: address) else {
      return unsafe ram.fill(count, at: GuestAddress(UInt64(address)), with: body)
    }
    unsafe body(
      UnsafeMutableRawBufferPointer(rebasing: window.memory.bytes[place..<place + count]))
    return true
  }

  /// Where in video memory `count` bytes lie; nil unless all of them are in the VGA's window.
  private func windowOffset(_ count: Int, at address: UInt32) -> Int? {
    guard let window, (1...VGA.memorySize).contains(count) else { return nil }
    let offset = Int(address) - Int(MemoryMap.vgaWindow.rawValue)
    guard (0...VGA.memorySize - count).contains(offset) else { return nil }
    return window.start + offset
  }
}
