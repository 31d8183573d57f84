import KVM

/// A machine with one vCPU, 2 MiB of memory from 0 and a few bytes of code.
///
/// A class, so that tests can share it between threads.
final class Guest: Sendable {
  /// The processor mode in which the code runs.
  enum Mode: String, CaseIterable, Sendable {
    case real, protected, long
  }

  /// Where the code is loaded and entered, in every mode.
  static let codeAddress: UInt64 = 0x1000

  /// Where `data` is loaded.
  static let dataAddress: UInt64 = 0x8000

  let machine: VirtualMachine
  let memory: MemoryRegion
  let slot: MemorySlot
  let vcpu: VCPU

  /// - Parameters:
  ///   - data: Loaded at ``dataAddress``; RSI points there and RCX holds `count`.
  ///   - prepare: Called with the machine before it has a vCPU.
  init(
    _ mode: Mode, code: [UInt8], data: [UInt8] = [], count: UInt64 = 0,
    prepare: (borrowing VirtualMachine) throws -> Void = { _ in }
  ) throws {
    machine = try Hypervisor().makeVirtualMachine()
    memory = try MemoryRegion(size: 2 << 20)
    slot = try machine.makeMemorySlot(index: 0, guestAddress: 0, memory: memory)
    try prepare(machine)
    vcpu = try machine.makeVCPU(id: 0)
    write(code, at: Self.codeAddress)
    write(data, at: Self.dataAddress)

    var special = try vcpu.specialRegisters()
    switch mode {
    case .real:
      special.cs.base = 0
      special.cs.selector = 0
    case .protected:
      special.enterProtectedMode()
    case .long:
      writePageTables()
      special.enterLongMode()
    }
    try vcpu.setSpecialRegisters(special)
    try enter()
    var registers = try vcpu.registers()
    registers.rsi = Self.dataAddress
    registers.rcx = count
    registers.rsp = 0x7000
    try vcpu.setRegisters(registers)
  }

  /// Sets RIP to the start of the code, with interrupts off.
  func enter() throws {
    var registers = try vcpu.registers()
    registers.rip = Self.codeAddress
    registers.rflags = 2
    try vcpu.setRegisters(registers)
  }

  func write(_ bytes: [UInt8], at address: UInt64) {
    guard !bytes.isEmpty else { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[Int(address)...])
      .copyBytes(from: bytes)
  }

  func read(_ address: UInt64) -> UInt8 {
    unsafe memory.bytes[Int(address)]
  }

  /// Runs until an exit that is neither `.interrupted` nor `.again`.
  func run() throws -> VCPUExit {
    while true {
      let exit = try vcpu.run()
      switch exit {
      case .interrupted, .again: continue
      default: return exit
      }
    }
  }

  /// Identity-maps the first GiB with user-accessible pages of 2 MiB, tables from 0x2000.
  private func writePageTables() {
    let present: UInt64 = 0b111  // present, writable, user
    writeWord(0x3000 | present, at: 0x2000)
    writeWord(0x4000 | present, at: 0x3000)
    for index: UInt64 in 0..<512 {
      writeWord(index << 21 | 0x80 | present, at: 0x4000 + index * 8)
    }
  }

  private func writeWord(_ value: UInt64, at address: UInt64) {
    unsafe memory.bytes.storeBytes(of: value, toByteOffset: Int(address), as: UInt64.self)
  }
}

extension SpecialRegisters {
  /// Flat 32-bit segments, paging off.
  mutating func enterProtectedMode() {
    cr0 |= 1
    setFlatSegments(code64: false)
  }

  /// 64-bit mode at CPL 0, with the page tables of ``Guest``.
  mutating func enterLongMode() {
    cr3 = 0x2000
    cr4 |= 1 << 5  // PAE
    cr0 |= 1 << 31 | 1  // PG, PE
    efer |= 1 << 10 | 1 << 8  // LMA, LME
    setFlatSegments(code64: true)
  }

  private mutating func setFlatSegments(code64: Bool) {
    cs = Segment()
    cs.limit = 0xFFFF_FFFF
    cs.selector = 8
    cs.type = 0xB
    cs.present = 1
    cs.s = 1
    cs.g = 1
    cs.db = code64 ? 0 : 1
    cs.l = code64 ? 1 : 0
    var data = cs
    data.selector = 16
    data.type = 3
    data.db = 1
    data.l = 0
    (ds, es, fs, gs, ss) = (data, data, data, data, data)
  }
}
