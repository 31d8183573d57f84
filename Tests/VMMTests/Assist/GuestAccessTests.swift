import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Assist: page protection", .timeLimit(.minutes(5)))
struct GuestAccessTests {
  private static let present: UInt64 = 1
  private static let writable: UInt64 = 2
  private static let user: UInt64 = 4
  private static let accessed: UInt64 = 1 << 5
  private static let dirty: UInt64 = 1 << 6
  private static let noExecute: UInt64 = 1 << 63
  private static let page: UInt64 = 0x15_0000
  private static let table: UInt64 = 0x9_8000
  private static let entry = GuestAddress(table + 8 * (page >> 12))

  /// A guest in long mode whose first 2 MiB are mapped page by page, the one under test with `flags`.
  private func guest(_ flags: UInt64) throws -> AssistGuest {
    var guest = try AssistGuest([0x0F, 0xAE, 0x17])  // ldmxcsr (%rdi)
    for page in UInt64(0)..<512 {
      _ = guest.memory.store(page << 12 | 7, at: GuestAddress(Self.table + 8 * page))
    }
    _ = guest.memory.store(Self.table | 7, at: 0x1_2000)
    _ = guest.memory.store(Self.page | flags, at: Self.entry)
    guest.processor.special.efer |= ControlRegister.noExecuteEnable
    return guest
  }

  private func access(
    _ guest: AssistGuest, _ kind: GuestAccess.Kind, _ privilege: GuestAccess.Privilege
  ) -> UInt32? {
    do {
      try guest.processor.guest.probe(4, at: Self.page, kind, as: privilege)
      return nil
    } catch .fault(let fault) {
      #expect(fault.exception == .pageFault)
      #expect(fault.address == Self.page)
      return fault.errorCode
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  @Test("a page that is not present, for each kind of access")
  func notPresent() throws {
    let guest = try guest(0)
    #expect(access(guest, .read, .supervisor) == 0)
    #expect(access(guest, .write, .supervisor) == 2)
    #expect(access(guest, .read, .user) == 4)
    #expect(access(guest, .write, .user) == 6)
    #expect(access(guest, .execute, .user) == 0x14)
    #expect(access(guest, .read, .system) == 0)
  }

  @Test("user and supervisor pages, read-only ones, and CR0.WP")
  func rights() throws {
    var guest = try guest(Self.present | Self.writable)
    #expect(access(guest, .read, .user) == 5)
    #expect(access(guest, .write, .user) == 7)
    #expect(access(guest, .write, .supervisor) == nil)
    guest = try self.guest(Self.present | Self.user)
    #expect(access(guest, .read, .user) == nil)
    #expect(access(guest, .write, .user) == 7)
    #expect(access(guest, .write, .supervisor) == 3)
    guest.processor.special.cr0 &= ~ControlRegister.writeProtect
    #expect(access(guest, .write, .supervisor) == nil)
    #expect(access(guest, .write, .user) == 7)
  }

  @Test("every level must allow it")
  func levels() throws {
    let guest = try guest(Self.present | Self.writable | Self.user)
    #expect(access(guest, .write, .user) == nil)
    _ = guest.memory.store(Self.table | 5, at: 0x1_2000)
    #expect(access(guest, .write, .user) == 7)
    _ = guest.memory.store(Self.table | 3, at: 0x1_2000)
    #expect(access(guest, .read, .user) == 5)
  }

  @Test("no-execute, with and without IA32_EFER.NXE; SMEP")
  func execution() throws {
    var guest = try guest(Self.present | Self.user | Self.noExecute)
    #expect(access(guest, .read, .user) == nil)
    #expect(access(guest, .execute, .user) == 0x15)
    guest.processor.special.efer &= ~ControlRegister.noExecuteEnable
    #expect(access(guest, .read, .user) == 0xD)
    guest = try self.guest(Self.present | Self.user)
    #expect(access(guest, .execute, .supervisor) == nil)
    guest.processor.special.cr4 |= ControlRegister.supervisorExecutionPrevention
    #expect(access(guest, .execute, .supervisor) == 0x11)
    #expect(access(guest, .execute, .user) == nil)
  }

  @Test("SMAP keeps the supervisor out of user pages, unless AC is set and it asks itself")
  func accessPrevention() throws {
    var guest = try guest(Self.present | Self.user | Self.writable)
    guest.processor.special.cr4 |= ControlRegister.supervisorAccessPrevention
    #expect(access(guest, .read, .supervisor) == 1)
    #expect(access(guest, .read, .user) == nil)
    guest.processor.registers.rflags |= Flag.alignmentCheck
    #expect(access(guest, .read, .supervisor) == nil)
    #expect(access(guest, .write, .supervisor) == nil)
    #expect(access(guest, .read, .system) == 1)
  }

  @Test("an access marks every entry as accessed, a write the last one as dirty")
  func flags() throws {
    let guest = try guest(Self.present | Self.user | Self.writable)
    let leaf = { (guest.memory.read(8, at: Self.entry) ?? []).littleEndian & 0xFFF }
    let root = { (guest.memory.read(8, at: 0x1_0000) ?? []).littleEndian & 0xFFF }
    #expect(access(guest, .read, .user) == nil)
    #expect(leaf() == Self.present | Self.user | Self.writable | Self.accessed)
    #expect(root() == 7 | Self.accessed)
    #expect(access(guest, .write, .user) == nil)
    #expect(leaf() & Self.dirty != 0)
    #expect(root() & Self.dirty == 0)
  }

  @Test("a refused access marks nothing")
  func refusedFlags() throws {
    let guest = try guest(Self.present | Self.user)
    #expect(access(guest, .write, .user) == 7)
    #expect(guest.memory.read(8, at: Self.entry)?.littleEndian == Self.page | 5)
  }

  @Test("a store over two pages of which the second is missing writes nothing")
  func partial() throws {
    let guest = try guest(0)
    let start = Self.page - 4
    #expect(throws: Interruption.fault(Fault(.pageFault, 2, address: Self.page))) {
      try guest.processor.guest.write(
        [UInt8](repeating: 0xAA, count: 8), at: start, as: .supervisor)
    }
    #expect(guest.memory.read(4, at: GuestAddress(start)) == [0, 0, 0, 0])
  }

  @Test("a large page with reserved bits, and a table outside of RAM")
  func brokenTables() throws {
    let guest = try guest(Self.present)
    _ = guest.memory.store(UInt64(0x2087), at: 0x1_2000)
    #expect(access(guest, .read, .supervisor) == 9)
    _ = guest.memory.store(UInt64(0x4000_0007), at: 0x1_2000)
    #expect(throws: Interruption.unsupported) {
      try guest.processor.guest.probe(1, at: Self.page, .read, as: .supervisor)
    }
  }

  @Test("the instruction itself is fetched through the page tables")
  func fetch() throws {
    var guest = try guest(Self.present | Self.user | Self.writable)
    let last = Self.page - 2
    _ = guest.memory.write([0x0F, 0xAE, 0x17], at: GuestAddress(last))
    guest.processor.registers.rip = last
    guest.processor.registers.rdi = 0x500
    #expect(guest.interruption() == nil)
    _ = guest.memory.store(Self.page, at: Self.entry)
    guest.processor.registers.rip = last
    #expect(guest.interruption() == .fault(Fault(.pageFault, 0x10, address: Self.page)))
    // An instruction that ends in time does not look at the page behind it.
    _ = guest.memory.write([0x9B], at: GuestAddress(Self.page - 1))
    guest.processor.registers.rip = Self.page - 1
    #expect(guest.interruption() == nil)
  }
}
