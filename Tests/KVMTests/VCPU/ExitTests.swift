import CKVM
import Testing

@testable import KVM

@Suite("Exits of real guests", .needsKVM, .timeLimit(.minutes(5)))
struct ExitTests {
  @Test(arguments: Guest.Mode.allCases)
  func `a guest adds, prints and halts in every mode`(mode: Guest.Mode) throws {
    let guest = try Guest(
      mode,
      code: [
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8 (with a prefix that real mode reads as 32-bit)
        0x00, 0xD8,  // add al, bl
        0xEE,  // out dx, al
        0xF4,  // hlt
      ].adapted(to: mode))
    var registers = try guest.vcpu.registers()
    (registers.rax, registers.rbx) = (2, 40)
    try guest.vcpu.setRegisters(registers)
    guard case .portIO(let io) = try guest.run() else { throw Unexpected(.halt) }
    #expect(io.port == 0x3F8 && io.direction == .out && io.size == 1 && io.count == 1)
    #expect(unsafe io.bytes[0] == 42)
    guard case .halt = try guest.run() else { throw Unexpected(.shutdown) }
    #expect(try guest.vcpu.registers().rip == Guest.codeAddress + (mode == .real ? 7 : 8))
  }

  @Test func `data of a port read reaches the guest at the next run`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xE5, 0x40,  // in eax, 0x40
        0xF4,  // hlt
      ])
    guard case .portIO(let io) = try guest.run() else { throw Unexpected(.halt) }
    #expect(io.direction == .in && io.size == 4 && io.port == 0x40)
    unsafe io.data.storeBytes(of: 0xDEAD_BEEF, as: UInt32.self)
    _ = try guest.run()
    #expect(try guest.vcpu.registers().rax == 0xDEAD_BEEF)
  }

  @Test func `string output arrives whole and in order`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8
        0xF3, 0x6E,  // rep outsb
        0xF4,  // hlt
      ], data: Array("scanline".utf8), count: 8)
    var output: [UInt8] = []
    while case .portIO(let io) = try guest.run() {
      unsafe output.append(contentsOf: io.bytes)
    }
    #expect(String(decoding: output, as: UTF8.self) == "scanline")
  }

  @Test func `an access without memory is MMIO, both ways`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xC7, 0x05, 0x00, 0x00, 0x00, 0xD0, 0x78, 0x56, 0x34, 0x12,  // mov [0xD0000000], 0x12345678
        0x8A, 0x05, 0x04, 0x00, 0x00, 0xD0,  // mov al, [0xD0000004]
        0xF4,  // hlt
      ])
    guard case .mmio(let store) = try guest.run() else { throw Unexpected(.halt) }
    #expect(store.isWrite && store.address == 0xD000_0000 && store.length == 4)
    #expect(unsafe Array(store.bytes) == [0x78, 0x56, 0x34, 0x12])
    guard case .mmio(let load) = try guest.run() else { throw Unexpected(.halt) }
    #expect(!load.isWrite && load.address == 0xD000_0004 && load.length == 1)
    unsafe load.data.storeBytes(of: 0x5A, as: UInt8.self)
    guard case .halt = try guest.run() else { throw Unexpected(.shutdown) }
    #expect(try guest.vcpu.registers().rax & 0xFF == 0x5A)
  }

  @Test func `a triple fault is a shutdown`() throws {
    let guest = try Guest(.protected, code: [0x0F, 0x0B])  // ud2
    var special = try guest.vcpu.specialRegisters()
    special.idt = DescriptorTable()
    try guest.vcpu.setSpecialRegisters(special)
    let exit = try guest.run()
    guard case .shutdown = exit else { throw Unexpected(exit) }
  }

  @Test func `code outside memory is an emulation failure`() throws {
    let guest = try Guest(.protected, code: [])
    var registers = try guest.vcpu.registers()
    registers.rip = 0xD000_0000
    try guest.vcpu.setRegisters(registers)
    let exit = try guest.run()
    guard case .internalError(let error) = exit else { throw Unexpected(exit) }
    #expect(error.suberror == InternalError.emulationFailure)
    #expect(try guest.vcpu.registers().rip == 0xD000_0000)
  }

  @Test func `an interrupt is injected when the window opens`() throws {
    let guest = try Guest(
      .real,
      code: [
        0xFB,  // sti
        0x90,  // nop
        0xEB, 0xFE,  // jmp .
        0xE6, 0x99,  // 0x1004: out 0x99, al
        0xF4,  // hlt
      ])
    guest.write([0x04, 0x10, 0x00, 0x00], at: 0x21 * 4)  // vector 0x21 -> 0000:1004
    guest.vcpu.requestInterruptWindow = true
    let isRequested = guest.vcpu.requestInterruptWindow
    #expect(isRequested)
    let open = try guest.run()
    guard case .interruptWindowOpen = open else { throw Unexpected(open) }
    let (isReady, interruptFlag) = (guest.vcpu.isReadyForInterrupt, guest.vcpu.interruptFlag)
    #expect(isReady && interruptFlag)
    guest.vcpu.requestInterruptWindow = false
    try guest.vcpu.interrupt(vector: 0x21)
    let exit = try guest.run()
    guard case .portIO(let io) = exit else { throw Unexpected(exit) }
    #expect(io.port == 0x99)
  }

  @Test(.needs(.userSpaceMSR))
  func `an unknown MSR is read and refused by user space`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xB9, 0x4F, 0x56, 0x4D, 0x4B,  // mov ecx, 0x4B4D564F
        0x0F, 0x32,  // rdmsr
        0xE7, 0x99,  // out 0x99, eax
        0x0F, 0x30,  // wrmsr
        0xF4,  // hlt
      ]
    ) { machine in
      try machine.enable(
        .userSpaceMSR, arguments: UInt64(MSRAccess.Reason.unknown.rawValue))
    }
    let read = try guest.run()
    guard case .readMSR(let access) = read else { throw Unexpected(read) }
    #expect(access.index == 0x4B4D_564F && access.reason == .unknown)
    unsafe access.succeed(value: 0x1_0000_0002)
    let output = try guest.run()
    guard case .portIO(let io) = output else { throw Unexpected(output) }
    #expect(unsafe io.data.load(as: UInt32.self) == 2)
    let write = try guest.run()
    guard case .writeMSR(let refused) = write else { throw Unexpected(write) }
    #expect(refused.value == 0x1_0000_0002)
    // #GP without an IDT entry for it is a triple fault.
    unsafe refused.fail()
    let exit = try guest.run()
    guard case .shutdown = exit else { throw Unexpected(exit) }
  }

  @Test(.needs(.msrFilter))
  func `a filtered MSR is left to user space`() throws {
    let sysenterCS: UInt32 = 0x174
    let guest = try Guest(
      .protected,
      code: [
        0xB9, 0x74, 0x01, 0x00, 0x00,  // mov ecx, 0x174
        0x0F, 0x32,  // rdmsr
        0xF4,  // hlt
      ]
    ) { machine in
      try machine.enable(.userSpaceMSR, arguments: UInt64(MSRAccess.Reason.filter.rawValue))
      let range = MSRFilterRange(access: .read, base: sysenterCS - 1, allowed: [true, false, true])
      try machine.setMSRFilter([range], defaultAllow: true)
    }
    let exit = try guest.run()
    guard case .readMSR(let access) = exit else { throw Unexpected(exit) }
    #expect(access.index == sysenterCS && access.reason == .filter)
  }

  @Test func `an application processor is started by INIT and SIPI`() throws {
    let guest = try Guest(.real, code: [0xE6, 0x77, 0xF4]) { try $0.makeIRQChip() }  // out 0x77, al
    let second = try guest.machine.makeVCPU(id: 1)
    #expect(try second.mpState() == .uninitialized)
    // The kernel learns of a new local APIC's id when some register of it is set, as a booting
    // guest does to its own.
    try second.setLocalAPIC(second.localAPIC())
    let initialized = try guest.machine.signalMSI(address: 0xFEE0_1000, data: 0x500)  // INIT
    let started = try guest.machine.signalMSI(address: 0xFEE0_1000, data: 0x601)  // SIPI, page 1
    #expect(initialized == .delivered(vcpuCount: 1) && started == .delivered(vcpuCount: 1))
    let first = try second.run()
    guard case .again = first else { throw Unexpected(first) }
    var exit = try second.run()
    while case .again = exit { exit = try second.run() }
    guard case .portIO(let io) = exit else { throw Unexpected(exit) }
    #expect(io.port == 0x77)
  }

  @Test(.needs(.readOnlyMemory))
  func `a write to read-only memory is MMIO, and a read is not`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xA0, 0x00, 0x00, 0x00, 0xE0,  // mov al, [0xE0000000]
        0xA2, 0x01, 0x00, 0x00, 0xE0,  // mov [0xE0000001], al
        0xF4,  // hlt
      ])
    let rom = try MemoryRegion(size: 4096)
    unsafe rom.bytes[0] = 0x6B
    _ = try guest.machine.makeMemorySlot(
      index: 1, guestAddress: 0xE000_0000, memory: rom, flags: .readOnly)
    let exit = try guest.run()
    guard case .mmio(let store) = exit else { throw Unexpected(exit) }
    #expect(store.isWrite && store.address == 0xE000_0001)
    #expect(unsafe store.bytes[0] == 0x6B && rom.bytes[1] == 0)
  }
}

extension [UInt8] {
  /// In real mode the operand-size prefix of `mov dx, imm16` means the opposite: leave it out.
  fileprivate func adapted(to mode: Guest.Mode) -> [UInt8] {
    mode == .real ? Array(dropFirst()) : self
  }
}
