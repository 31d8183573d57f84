import CKVM
import Testing

@testable import KVM

/// A page as the kernel would leave it after `KVM_RUN`.
@safe
private final class RunPage {
  private let run: UnsafeMutablePointer<kvm_run>

  init(_ reason: Int32, _ fill: (UnsafeMutablePointer<kvm_run>) -> Void = { _ in }) {
    let page = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
    unsafe page.initializeMemory(as: UInt8.self, repeating: 0, count: 8192)
    unsafe run = page.bindMemory(to: kvm_run.self, capacity: 1)
    unsafe run.pointee.exit_reason = UInt32(reason)
    unsafe fill(run)
  }

  deinit { unsafe run.deallocate() }

  /// Hands the decoded exit to `inspect`, while the page exists.
  func decode(_ inspect: (VCPUExit) throws -> Void) rethrows {
    try withExtendedLifetime(self) { try unsafe inspect(VCPUExit(decoding: run)) }
  }
}

/// Exits decoded from a run page that no kernel wrote: also those that this host cannot provoke.
@Suite("Exit decoding", .timeLimit(.minutes(5)))
struct ExitDecodingTests {
  @Test func `port I/O gives port, direction, shape and data`() throws {
    try unsafe RunPage(KVM_EXIT_IO) { run in
      unsafe run.pointee.io = .init(
        direction: UInt8(KVM_EXIT_IO_OUT), size: 2, port: 0x1CE, count: 3, data_offset: 4096)
      for index in 0..<6 {
        unsafe (ckvm_io_data(run) + index).storeBytes(of: UInt8(index + 1), as: UInt8.self)
      }
    }.decode { exit in
      guard case .portIO(let io) = exit else { throw Unexpected(exit) }
      #expect(io.port == 0x1CE && io.direction == .out && io.size == 2 && io.count == 3)
      #expect(unsafe Array(io.bytes) == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test func `port input is told from output`() throws {
    try unsafe RunPage(KVM_EXIT_IO) { unsafe $0.pointee.io.size = 1 }.decode { exit in
      guard case .portIO(let io) = exit else { throw Unexpected(exit) }
      #expect(io.direction == .in)
    }
  }

  @Test func `MMIO gives address, direction and bytes, at most 8`() throws {
    try unsafe RunPage(KVM_EXIT_MMIO) { run in
      unsafe run.pointee.mmio = .init(
        phys_addr: 0xFEED_0000, data: (1, 2, 3, 4, 5, 6, 7, 8), len: 200, is_write: 1)
    }.decode { exit in
      guard case .mmio(let mmio) = exit else { throw Unexpected(exit) }
      #expect(mmio.address == 0xFEED_0000 && mmio.isWrite && mmio.length == 8)
      #expect(unsafe Array(mmio.bytes) == [1, 2, 3, 4, 5, 6, 7, 8])
    }
  }

  @Test func `an emulation failure gives the instruction's bytes`() throws {
    try unsafe RunPage(KVM_EXIT_INTERNAL_ERROR) { run in
      unsafe run.pointee.emulation_failure.suberror = UInt32(KVM_INTERNAL_ERROR_EMULATION)
      unsafe run.pointee.emulation_failure.ndata = 3
      unsafe run.pointee.emulation_failure.flags = 1
      unsafe run.pointee.emulation_failure.insn_size = 15
      unsafe run.pointee.emulation_failure.insn_bytes = (
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
      )
    }.decode { exit in
      guard case .internalError(let error) = exit else { throw Unexpected(exit) }
      #expect(error.suberror == InternalError.emulationFailure && error.dataCount == 3)
      #expect(error.instructionBytes == Array(1...15))
      #expect(error.instructionByte(15) == 0 && error.instructionByte(-1) == 0)
    }
  }

  @Test(arguments: [(1, 3, 0), (1, 2, 1), (3, 3, 1)] as [(UInt32, UInt32, UInt64)])
  func `instruction bytes are not made up`(suberror: UInt32, count: UInt32, flags: UInt64) throws {
    try unsafe RunPage(KVM_EXIT_INTERNAL_ERROR) { run in
      unsafe run.pointee.internal.suberror = suberror
      unsafe run.pointee.internal.ndata = count
      unsafe run.pointee.internal.data.0 = flags
      unsafe run.pointee.internal.data.1 = 0xFFFF_FFFF
    }.decode { exit in
      guard case .internalError(let error) = exit else { throw Unexpected(exit) }
      #expect(error.instructionBytes.isEmpty)
    }
  }

  @Test func `a wild data count is clamped`() throws {
    try unsafe RunPage(KVM_EXIT_INTERNAL_ERROR) { unsafe $0.pointee.internal.ndata = .max }.decode {
      exit in
      guard case .internalError(let error) = exit else { throw Unexpected(exit) }
      #expect(error.dataCount == 16)
    }
  }

  @Test func `a memory fault gives address, size and flags`() throws {
    try unsafe RunPage(KVM_EXIT_MEMORY_FAULT) { run in
      unsafe UnsafeMutableRawPointer(run).storeBytes(of: 8, toByteOffset: 32, as: UInt64.self)
      unsafe UnsafeMutableRawPointer(run).storeBytes(
        of: 0x5000, toByteOffset: 40, as: UInt64.self)
      unsafe UnsafeMutableRawPointer(run).storeBytes(of: 4096, toByteOffset: 48, as: UInt64.self)
    }.decode { exit in
      guard case .memoryFault(8, 0x5000, 4096) = exit else { throw Unexpected(exit) }
    }
  }

  @Test func `a failed entry, an unknown exit and an exception keep their numbers`() throws {
    try unsafe RunPage(KVM_EXIT_FAIL_ENTRY) {
      unsafe $0.pointee.fail_entry = .init(hardware_entry_failure_reason: 0x8000_0021, cpu: 3)
    }.decode { guard case .failEntry(0x8000_0021, 3) = $0 else { throw Unexpected($0) } }
    try unsafe RunPage(KVM_EXIT_UNKNOWN) { unsafe $0.pointee.hw.hardware_exit_reason = 77 }.decode {
      guard case .unknown(77) = $0 else { throw Unexpected($0) }
    }
    try unsafe RunPage(KVM_EXIT_EXCEPTION) {
      unsafe $0.pointee.ex = .init(exception: 14, error_code: 2)
    }.decode { guard case .exception(14, 2) = $0 else { throw Unexpected($0) } }
  }

  @Test func `hypercall, debug, TPR, EOI, system event and notify carry their payload`() throws {
    try unsafe RunPage(KVM_EXIT_HYPERCALL) { run in
      unsafe run.pointee.hypercall.nr = 12
      unsafe run.pointee.hypercall.args = (1, 2, 3, 4, 5, 6)
      unsafe run.pointee.hypercall.longmode = 1
    }.decode { exit in
      guard case .hypercall(let call) = exit else { throw Unexpected(exit) }
      #expect(call.number == 12 && call.arguments[5] == 6 && call.isLongMode)
    }
    try unsafe RunPage(KVM_EXIT_DEBUG) {
      unsafe $0.pointee.debug.arch = .init(exception: 1, pad: 0, pc: 9, dr6: 0x4000, dr7: 0x400)
    }.decode { exit in
      guard case .debug(let debug) = exit else { throw Unexpected(exit) }
      #expect(debug.exception == 1 && debug.pc == 9 && debug.dr6 == 0x4000 && debug.dr7 == 0x400)
    }
    try unsafe RunPage(KVM_EXIT_TPR_ACCESS) {
      unsafe $0.pointee.tpr_access = .init(rip: 5, is_write: 1, pad: 0)
    }.decode { guard case .tprAccess(5, true) = $0 else { throw Unexpected($0) } }
    try unsafe RunPage(KVM_EXIT_IOAPIC_EOI) { unsafe $0.pointee.eoi.vector = 0x31 }.decode {
      guard case .ioapicEOI(0x31) = $0 else { throw Unexpected($0) }
    }
    try unsafe RunPage(KVM_EXIT_SYSTEM_EVENT) { unsafe $0.pointee.system_event.type = 2 }.decode {
      guard case .systemEvent(2) = $0 else { throw Unexpected($0) }
    }
    try unsafe RunPage(KVM_EXIT_NOTIFY) { unsafe $0.pointee.notify.flags = 1 }.decode {
      guard case .notify(contextInvalid: true) = $0 else { throw Unexpected($0) }
    }
  }

  @Test func `an MSR access is answered through the run page`() throws {
    try unsafe RunPage(KVM_EXIT_X86_WRMSR) { run in
      unsafe run.pointee.msr.index = 0x10
      unsafe run.pointee.msr.reason = UInt32(KVM_MSR_EXIT_REASON_FILTER)
      unsafe run.pointee.msr.data = 99
    }.decode { exit in
      guard case .writeMSR(let access) = exit else { throw Unexpected(exit) }
      #expect(access.index == 0x10 && access.reason == .filter && access.value == 99)
    }
    var answers: [UInt64] = []
    unsafe RunPage(KVM_EXIT_X86_RDMSR) { run in unsafe run.pointee.msr.error = 1 }.decode { exit in
      guard case .readMSR(let access) = exit else { return }
      unsafe access.succeed(value: 42)
      answers.append(access.value)
    }
    #expect(answers == [0])
  }

  @Test func `exits without a payload are told apart`() {
    let plain: [(Int32, String)] = [
      (KVM_EXIT_HLT, "halt"), (KVM_EXIT_IRQ_WINDOW_OPEN, "interruptWindowOpen"),
      (KVM_EXIT_SHUTDOWN, "shutdown"), (KVM_EXIT_INTR, "interrupted"),
      (KVM_EXIT_SET_TPR, "setTPR"), (KVM_EXIT_NMI, "nmi"),
      (KVM_EXIT_DIRTY_RING_FULL, "dirtyRingFull"), (KVM_EXIT_X86_BUS_LOCK, "busLock"),
    ]
    for (reason, name) in plain {
      unsafe RunPage(reason).decode { #expect("\($0)" == name) }
    }
    unsafe RunPage(9999).decode { #expect("\($0)" == "other(reason: 9999)") }
  }
}

/// An exit other than the one that the test provokes.
struct Unexpected: Error, CustomStringConvertible {
  let description: String
  init(_ exit: VCPUExit) { description = "unexpected exit: \(exit)" }
}
