import CKVM
import Devices
import KVM
import Synchronization
import TestSupport
import Testing

@testable import VMM

/// A device that counts its reads, and gives each the next number.
final class CountingPort: PortIODevice {
  static let port: UInt16 = 0x5001

  private let counter = Atomic<UInt32>(0)

  /// How often it was read.
  var count: UInt32 { counter.load(ordering: .sequentiallyConsistent) }

  func read(port: UInt16, size: Int) -> UInt32 {
    counter.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
  }

  func write(port: UInt16, size: Int, value: UInt32) {}
}

/// A machine whose guest counts with a ``CountingPort``, in RAM and in 64 pages of video memory, and
/// ends itself if the port's numbers and its own ever differ.
final class CountingMachine {
  private static let pageCount = 64
  private static let counter: GuestAddress = 0x9000

  let test: TestMachine
  private let port = CountingPort()
  private let log: DirtyLog
  private let consumer: DirtyLog.Consumer
  /// What each page held at the last look.
  private var pages = [UInt32](repeating: 0, count: pageCount)
  /// Pages that were found changed, in all looks.
  private(set) var changedPages = 0

  var machine: Machine { test.machine }

  private static let code: [UInt8] = [
    0xBF, 0x00, 0x00, 0x00, 0xE0,  // movl $0xE0000000, %edi
    0x66, 0xBA, 0x01, 0x50,  // movw $0x5001, %dx
    0x31, 0xDB,  // xorl %ebx, %ebx
    0xED,  // 1: inl %dx, %eax
    0x39, 0xD8,  // cmpl %ebx, %eax
    0x75, 0x16,  // jne 2f
    0xFF, 0xC3,  // incl %ebx
    0x89, 0xD9,  // movl %ebx, %ecx
    0x83, 0xE1, 0x3F,  // andl $63, %ecx
    0xC1, 0xE1, 0x0C,  // shll $12, %ecx
    0x89, 0x1C, 0x0F,  // movl %ebx, (%rdi, %rcx)
    0x89, 0x1C, 0x25, 0x00, 0x90, 0x00, 0x00,  // movl %ebx, 0x9000
    0xEB, 0xE5,  // jmp 1b
    0xB0, 0x01,  // 2: movb $1, %al
    0xE6, 0xF4,  // outb %al, $0xF4
    0xEB, 0xFE,  // jmp .
  ]

  init(configure: (inout MachineConfiguration) -> Void = { _ in }) throws {
    let port = port
    test = try TestMachine(.code(Self.code)) {
      $0.memorySize = 2 << 20
      $0.portDevices = [([CountingPort.port...CountingPort.port], port)]
      configure(&$0)
    }
    log = try #require(test.machine.flusher).video.log
    consumer = log.attach()
  }

  /// What the guest has counted to, in RAM.
  var count: UInt32 { machine.readMemory(4, at: Self.counter)?.word(at: 0) ?? 0 }

  /// Waits until the guest counts on.
  func awaitProgress() throws {
    let before = count
    try eventually { count > before &+ 2 }
  }

  /// Checks that the paused guest's registers, RAM and video memory, the device and the dirty log all
  /// are of the same moment.
  func check(_ comment: Comment) throws {
    let registers = try machine.vcpus[0].vcpu.registers()
    let served = port.count
    let counted = UInt32(truncatingIfNeeded: registers.rbx)
    if served != counted {
      #expect(served == counted + 1, comment)
      // The pending `in` has taken effect.
      #expect(UInt32(truncatingIfNeeded: registers.rax) == counted, comment)
    }
    let stored = count
    #expect(stored == counted || stored + 1 == counted, comment)

    var bitmap = log.emptyBitmap
    try log.harvest(leavingOpen: bitmap)
    log.take(consumer, into: &bitmap)
    for page in 0..<Self.pageCount {
      let value: UInt32 = machine.readVideoMemory(page * 4096..<page * 4096 + 4)?.word(at: 0) ?? 0
      let last = lastStore(to: page, upTo: stored)
      #expect(value == last || value == counted && Int(counted) % Self.pageCount == page, comment)
      guard value != pages[page] else { continue }
      #expect(bitmap[page], "\(comment): page \(page) is missing in the log")
      pages[page] = value
      changedPages += 1
    }
    // Nothing has moved meanwhile.
    #expect(count == stored && port.count == served, comment)
  }

  /// The last number up to `count` that was stored to `page`; 0 if there is none.
  private func lastStore(to page: Int, upTo count: UInt32) -> UInt32 {
    let distance = (Int(count) - page) % Self.pageCount
    let last = Int(count) - (distance + Self.pageCount) % Self.pageCount
    return UInt32(max(0, last))
  }
}

extension DirtyLog {
  /// A bitmap of its size, without pages.
  var emptyBitmap: DirtyBitmap { DirtyBitmap(pageCount: pageCount) }
}
