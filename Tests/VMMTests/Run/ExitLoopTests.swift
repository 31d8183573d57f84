import CKVM
import Devices
import Synchronization
import SystemPackage
import Testing

@testable import KVM
@testable import VMM

/// The exit loop on exits that a script dictates.
@Suite(.timeLimit(.minutes(5)))
struct ExitLoopTests {
  @Test("a write reaches its device, whatever its width", arguments: [1, 2, 4])
  func write(size: Int) throws {
    let device = RecordingDevice()
    let script = ExitScript([
      .portIO(.out, port: 0x100, size: size, data: [0x78, 0x56, 0x34, 0x12])
    ])
    let exit = try script.run(device, at: 0x100...0x10F)
    #expect(exit == "halt")
    let values: [Int: UInt32] = [1: 0x78, 2: 0x5678, 4: 0x1234_5678]
    #expect(device.accesses == ["write 0x100 \(size) \(values[size]?.hexadecimal ?? "")"])
  }

  @Test("a read's value reaches the guest, as many bytes as it asked for", arguments: [1, 2, 4])
  func read(size: Int) throws {
    let device = RecordingDevice()
    let script = ExitScript([.portIO(.in, port: 0x101, size: size, data: [1, 2, 3, 4, 5])])
    #expect(try script.run(device, at: 0x100...0x10F) == "halt")
    let answer = little(RecordingDevice.answer)
    #expect(script.data(5) == Array(answer[..<size]) + Array([1, 2, 3, 4, 5][size...]))
    #expect(device.accesses == ["read 0x101 \(size)"])
  }

  @Test("a string instruction is as many accesses, in order")
  func string() throws {
    let device = RecordingDevice()
    let script = ExitScript([
      .portIO(.out, port: 0x100, size: 1, count: 3, data: [7, 8, 9]),
      .portIO(.out, port: 0x100, size: 2, count: 2, data: [1, 2, 3, 4]),
      .portIO(.in, port: 0x100, size: 2, count: 2, data: [0, 0, 0, 0, 0x55]),
    ])
    #expect(try script.run(device, at: 0x100...0x10F) == "halt")
    #expect(
      device.accesses == [
        "write 0x100 1 0x7", "write 0x100 1 0x8", "write 0x100 1 0x9", "write 0x100 2 0x201",
        "write 0x100 2 0x403", "read 0x100 2", "read 0x100 2",
      ])
    let answer = Array(little(RecordingDevice.answer).prefix(2))
    #expect(script.data(5) == answer + answer + [0x55])
  }

  @Test("a port belongs to one device, and those around it to nobody")
  func boundaries() throws {
    let device = RecordingDevice()
    let ports = PortBus([([0x0...0x0, 0x100...0x101, 0xFFFF...0xFFFF], device)])
    let script = ExitScript(
      [0x0, 0x1, 0xFF, 0x100, 0x101, 0x102, 0xFFFE, 0xFFFF].map {
        .portIO(.out, port: $0, size: 1, data: [1])
      })
    #expect(try script.run(ports) == "halt")
    #expect(
      device.accesses == ["0x0", "0x100", "0x101", "0xffff"].map { "write \($0) 1 0x1" })
    #expect(ports.unclaimed.statistics.portWrites == 4)
    #expect(ports.unclaimed.statistics.portReads == 0)
  }

  @Test("unclaimed ports read as all ones, every element counts")
  func unclaimed() throws {
    let ports = PortBus([])
    let script = ExitScript([
      .portIO(.in, port: 0x500, size: 2, count: 3, data: [0, 0, 0, 0, 0, 0, 0x55]),
      .portIO(.out, port: 0x500, size: 4, count: 5, data: []),
    ])
    #expect(try script.run(ports) == "halt")
    #expect(script.data(7) == [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x55])
    #expect(ports.unclaimed.statistics.portReads == 3)
    #expect(ports.unclaimed.statistics.portWrites == 5)
  }

  @Test("two devices, each with its own ports")
  func twoDevices() throws {
    let first = RecordingDevice()
    let second = RecordingDevice()
    let ports = PortBus([([0x10...0x13], first), ([0x14...0x17, 0x20...0x20], second)])
    let script = ExitScript(
      [0x13, 0x14, 0x20].map { .portIO(.out, port: $0, size: 4, data: [1, 0, 0, 0]) })
    #expect(try script.run(ports) == "halt")
    #expect(first.accesses == ["write 0x13 4 0x1"])
    #expect(second.accesses == ["write 0x14 4 0x1", "write 0x20 4 0x1"])
  }

  @Test("a load from nowhere reads as all ones, a store vanishes", arguments: 1...8)
  func mmio(length: Int) throws {
    let zeros = [UInt8](repeating: 0, count: 8)
    let ports = PortBus([])
    let load = ExitScript([.mmio(isWrite: false, length: length, data: zeros)])
    #expect(try load.run(ports) == "halt")
    #expect(load.mmioData == [UInt8](repeating: 0xFF, count: length) + zeros.dropFirst(length))
    let store = ExitScript([.mmio(isWrite: true, length: length, data: zeros)])
    #expect(try store.run(ports) == "halt")
    #expect(store.mmioData == zeros)
    #expect(ports.unclaimed.statistics.memoryReads == 1)
    #expect(ports.unclaimed.statistics.memoryWrites == 1)
  }

  @Test("EAGAIN is tried again, EINTR is handed out")
  func interruptions() throws {
    #expect(try ExitScript([.again, .again]).run(PortBus([])) == "halt")
    let script = ExitScript([.again, .interrupted, .again])
    #expect(try script.run(PortBus([])) == "interrupted")
    #expect(try script.run(PortBus([])) == "halt")
  }

  @Test("the last accesses are remembered with their values, the oldest first")
  func history() throws {
    let device = RecordingDevice()
    let ports = PortBus([([0x100...0x10F], device)])
    let loop = try ExitLoop(ports: ports, counters: ExitCounters())
    let script = ExitScript(
      (0..<30).map { .portIO(.out, port: 0x500, size: 1, data: [$0, 0xEE]) } + [
        .portIO(.out, port: 0x100, size: 2, count: 3, data: [1, 2, 3, 4, 5, 6]),
        .portIO(.in, port: 0x101, size: 4, data: []),
        .mmio(isWrite: true, length: 8, data: [1, 2, 3, 4, 5, 6, 7, 8]),
        .mmio(isWrite: false, length: 3, data: [0, 0, 0, 0, 0, 0, 0, 0]),
      ])
    #expect(loop.history.records == [])
    #expect("\(try loop.run(Source(script: script)))" == "halt")
    let records = loop.history.records
    #expect(records.count == 32)
    #expect(records.prefix(28).map(\.value) == (2..<30).map { $0 })
    #expect(
      records.suffix(4) == [
        ExitRecord(kind: .out, address: 0x100, size: 2, count: 3, value: 0x0201),
        ExitRecord(kind: .in, address: 0x101, size: 4, count: 1, value: 0xA1B2_C3D4),
        ExitRecord(
          kind: .store, address: 0xD000_0000, size: 8, count: 1, value: 0x0807_0605_0403_0201),
        ExitRecord(kind: .load, address: 0xD000_0000, size: 3, count: 1, value: 0xFF_FFFF),
      ])
  }

  @Test("an error of KVM_RUN is thrown")
  func failure() {
    #expect(throws: KVMError.self) { try ExitScript([.failure]).run(PortBus([])) }
  }
}

/// Remembers every access.
private final class RecordingDevice: PortIODevice {
  static let answer: UInt32 = 0xA1B2_C3D4
  private let log = Mutex<[String]>([])

  var accesses: [String] { log.withLock { $0 } }

  func read(port: UInt16, size: Int) -> UInt32 {
    log.withLock { $0.append("read \(port.hexadecimal) \(size)") }
    return Self.answer
  }

  func write(port: UInt16, size: Int, value: UInt32) {
    log.withLock { $0.append("write \(port.hexadecimal) \(size) \(value.hexadecimal)") }
  }
}

/// Stands in for a vCPU: plays exits from a list, then halts.
@safe
private final class ExitScript {
  enum Step {
    case portIO(PortIO.Direction, port: UInt16, size: Int, count: Int = 1, data: [UInt8])
    case mmio(isWrite: Bool, length: Int, data: [UInt8])
    case again
    case interrupted
    case failure
  }

  /// Where the kernel puts the data of port accesses: on the run page's second page.
  private static let dataOffset = 4096
  private let page: UnsafeMutableRawPointer
  private var steps: ArraySlice<Step>

  init(_ steps: [Step]) {
    unsafe page = .allocate(byteCount: 3 * 4096, alignment: 4096)
    unsafe page.initializeMemory(as: UInt8.self, repeating: 0, count: 3 * 4096)
    self.steps = steps[...]
  }

  deinit { unsafe page.deallocate() }

  /// The name of the exit that ends the loop.
  func run(_ ports: PortBus) throws -> String {
    "\(try ExitLoop(ports: ports, counters: ExitCounters()).run(Source(script: self)))"
  }

  func run(_ device: RecordingDevice, at ports: ClosedRange<UInt16>) throws -> String {
    try run(PortBus([([ports], device)]))
  }

  /// The first bytes where the data of port accesses is.
  func data(_ count: Int) -> [UInt8] {
    unsafe [UInt8](UnsafeRawBufferPointer(start: page + Self.dataOffset, count: count))
  }

  private(set) var mmioData: [UInt8] = []

  private var run: UnsafeMutablePointer<kvm_run> {
    unsafe page.assumingMemoryBound(to: kvm_run.self)
  }

  fileprivate func next() throws(KVMError) -> VCPUExit {
    // As the guest would see it at the next KVM_RUN.
    mmioData = unsafe withUnsafeBytes(of: run.pointee.mmio.data) { unsafe [UInt8]($0) }
    switch steps.popFirst() {
    case nil: return .halt
    case .again: return .again
    case .interrupted: return .interrupted
    case .failure: throw KVMError(operation: "KVM_RUN", errno: .badFileDescriptor)
    case .portIO(let direction, let port, let size, let count, let data):
      unsafe run.pointee.exit_reason = UInt32(KVM_EXIT_IO)
      unsafe run.pointee.io.direction = direction.rawValue
      unsafe run.pointee.io.size = UInt8(size)
      unsafe run.pointee.io.port = port
      unsafe run.pointee.io.count = UInt32(count)
      unsafe run.pointee.io.data_offset = UInt64(Self.dataOffset)
      unsafe (page + Self.dataOffset).copyMemory(from: data, byteCount: data.count)
    case .mmio(let isWrite, let length, let data):
      unsafe run.pointee.exit_reason = UInt32(KVM_EXIT_MMIO)
      unsafe run.pointee.mmio.phys_addr = 0xD000_0000
      unsafe run.pointee.mmio.len = UInt32(length)
      unsafe run.pointee.mmio.is_write = isWrite ? 1 : 0
      unsafe withUnsafeMutableBytes(of: &run.pointee.mmio.data) { unsafe $0.copyBytes(from: data) }
    }
    return unsafe VCPUExit(decoding: run)
  }
}

private struct Source: ExitSource {
  let script: ExitScript

  func run() throws(KVMError) -> VCPUExit { try script.next() }
}
