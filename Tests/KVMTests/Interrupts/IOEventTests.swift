import SystemPackage
import Testing

@testable import KVM

@Suite("ioeventfd", .needs(.ioEventFD), .timeLimit(.minutes(5)))
struct IOEventTests {
  @Test func `a write to the port signals without an exit`() throws {
    let guest = try Guest(
      .real,
      code: [
        0xE6, 0x50,  // out 0x50, al
        0xE6, 0x50,  // out 0x50, al
        0xE6, 0x51,  // out 0x51, al
        0xF4,  // hlt
      ])
    let event = try EventFD()
    try guest.machine.registerIOEvent(event.fileDescriptor, at: .port(0x50), length: 1)
    let exit = try guest.run()
    guard case .portIO(let io) = exit else { throw Unexpected(exit) }
    #expect(io.port == 0x51)
    #expect(try event.take() == 2)
    #expect(try event.take() == 0)
  }

  @Test func `only the value asked for signals, and nothing after unregistering`() throws {
    let guest = try Guest(
      .real,
      code: [
        0xB0, 0x01, 0xE6, 0x50,  // mov al, 1; out 0x50, al
        0xB0, 0x02, 0xE6, 0x50,  // mov al, 2; out 0x50, al
        0xB0, 0x01, 0xE6, 0x50,  // mov al, 1; out 0x50, al
      ])
    let event = try EventFD()
    try guest.machine.registerIOEvent(
      event.fileDescriptor, at: .port(0x50), length: 1, dataMatch: 1)
    let other = try guest.run()
    guard case .portIO(let io) = other else { throw Unexpected(other) }
    #expect(unsafe io.bytes[0] == 2)
    #expect(try event.take() == 1)
    try guest.machine.unregisterIOEvent(
      event.fileDescriptor, at: .port(0x50), length: 1, dataMatch: 1)
    let exit = try guest.run()
    guard case .portIO(let last) = exit else { throw Unexpected(exit) }
    #expect(unsafe last.bytes[0] == 1)
    #expect(try event.take() == 0)
  }

  @Test func `a write to memory signals`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xA3, 0x00, 0x00, 0x00, 0xD0,  // mov [0xD0000000], eax
        0xF4,  // hlt
      ])
    let event = try EventFD()
    try guest.machine.registerIOEvent(event.fileDescriptor, at: .memory(0xD000_0000), length: 4)
    let exit = try guest.run()
    guard case .halt = exit else { throw Unexpected(exit) }
    #expect(try event.take() == 1)
  }

  @Test func `a length that no instruction has is refused`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let event = try EventFD()
    let error = #expect(throws: KVMError.self) {
      try machine.registerIOEvent(event.fileDescriptor, at: .port(1), length: 3)
    }
    #expect(error?.operation == "KVM_IOEVENTFD" && error?.errno == .invalidArgument)
  }
}
