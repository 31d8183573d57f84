import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct SerialWriterTests {
  /// A writer and the failures that it has reported.
  private final class Fixture: Sendable {
    let writer: SerialWriter
    let stop: EventDescriptor
    private let failures: Failures

    private final class Failures: Sendable {
      let list = Mutex<[String]>([])
    }

    init(_ descriptor: FileDescriptor) throws {
      signal(SIGPIPE, SIG_IGN)
      let failures = Failures()
      let stop = try EventDescriptor()
      self.failures = failures
      self.stop = stop
      writer = try SerialWriter(descriptor: descriptor, restEvent: stop) { failure in
        failures.list.withLock { list in
          switch failure {
          case .closed: list.append("closed")
          case .failed(let error): list.append("\(error)")
          }
        }
      }
    }

    var reported: [String] { failures.list.withLock { $0 } }

    var isPending: Bool { wait(for: 0, on: nil, or: writer.pending, timeout: 0).woken }

    func write(_ bytes: some Sequence<UInt8>) { for byte in bytes { writer.write(byte) } }
  }

  private func isReadable(_ pipe: Pipe) -> Bool {
    wait(for: POLLIN, on: pipe.reader, or: nil, timeout: 0).events & POLLIN != 0
  }

  @Test("a newline sends the line at once")
  func newline() throws {
    let pipe = try Pipe()
    let fixture = try Fixture(pipe.writer)
    fixture.write([UInt8(ascii: "\n")])
    #expect(try pipe.read(100) == [UInt8(ascii: "\n")])
    #expect(!fixture.isPending)
    fixture.write("line\n".utf8)
    #expect(try pipe.read(100) == Array("line\n".utf8))
  }

  @Test("what no newline ends is pending, until it is flushed")
  func pending() throws {
    let pipe = try Pipe()
    let fixture = try Fixture(pipe.writer)
    #expect(!fixture.isPending)
    fixture.write("prompt> ".utf8)
    #expect(fixture.isPending)
    #expect(!isReadable(pipe))
    fixture.writer.pending.clear()
    #expect(fixture.writer.flush())
    #expect(try pipe.read(100) == Array("prompt> ".utf8))
    fixture.write([1])
    #expect(fixture.isPending)
  }

  @Test("a full buffer is sent without a newline")
  func fullBuffer() throws {
    let pipe = try Pipe()
    let fixture = try Fixture(pipe.writer)
    fixture.write([UInt8](repeating: 1, count: 4095))
    #expect(!isReadable(pipe))
    fixture.write([1])
    #expect(try pipe.read(5000).count == 4096)
  }

  @Test("a flush does not wait for a full pipe, and says that something is left")
  func flushDoesNotWait() throws {
    let pipe = try Pipe(capacity: 4096)
    let fixture = try Fixture(pipe.writer)
    fixture.write([UInt8](repeating: 1, count: 4096))
    fixture.write([2, 3])
    #expect(!fixture.writer.flush())
    #expect(try pipe.read(4096).count == 4096)
    #expect(fixture.writer.flush())
    #expect(try pipe.read(4096) == [2, 3])
  }

  @Test("a write waits for a full pipe; the stop ends the wait, and nothing is lost")
  func stopEndsTheWait() throws {
    let pipe = try Pipe(capacity: 4096)
    let fixture = try Fixture(pipe.writer)
    fixture.write([UInt8](repeating: 1, count: 4096))
    let written = Counter()
    try withThread {
      for _ in 0..<5000 {
        fixture.write([2])
        written.increment()
      }
    } while: {
      while written.count < 4095 { sched_yield() }
      // The 4096th byte fills the buffer, and there is no room for it in the pipe.
      _ = wait(for: 0, on: nil, or: fixture.stop, timeout: 20)
      #expect(written.count == 4095)
      #expect(!fixture.writer.flush())
      fixture.stop.signal()
    }
    #expect(written.count == 5000)
    var received: [UInt8] = []
    try withThread {
      fixture.writer.finish()
    } while: {
      while received.count < 9096 { received += try pipe.read(1000) }
    }
    #expect(received == [UInt8](repeating: 1, count: 4096) + [UInt8](repeating: 2, count: 5000))
    #expect(fixture.reported == [])
  }

  @Test("everything arrives in order, however slow the reader is")
  func order() throws {
    var generator = SplitMix64(seed: 6)
    let bytes = (0..<8192).flatMap { _ in little(generator.next()) }
    let pipe = try Pipe(capacity: 4096)
    let fixture = try Fixture(pipe.writer)
    var received: [UInt8] = []
    try withThread {
      fixture.write(bytes)
      fixture.writer.finish()
    } while: {
      var generator = SplitMix64(seed: 7)
      while received.count < bytes.count {
        received += try pipe.read(1 + Int(generator.next() % 3000))
        if generator.next() % 2 == 0 { _ = fixture.writer.flush() }
      }
    }
    let isWhole = received == bytes
    #expect(isWhole)
  }

  @Test("a reader that has gone is reported once, and later bytes are dropped")
  func closed() throws {
    let pipe = try Pipe()
    let fixture = try Fixture(pipe.writer)
    try pipe.closeReader()
    fixture.write("one\ntwo\n".utf8)
    #expect(fixture.reported == ["closed"])
    #expect(fixture.writer.flush())
    fixture.writer.finish()
    #expect(fixture.reported == ["closed"])
  }

  @Test("a full disk is reported once, by whoever writes first")
  func noSpace() throws {
    let full = try FileDescriptor.open(FilePath("/dev/full"), .writeOnly, options: .closeOnExec)
    defer { try? full.close() }
    let fixture = try Fixture(full)
    fixture.write("no newline".utf8)
    #expect(fixture.reported == [])
    fixture.writer.finish()
    #expect(fixture.reported == ["\(Errno.noSpace)"])
    fixture.write("more\n".utf8)
    #expect(fixture.reported.count == 1)
  }
}

/// A number that several threads may count up.
private final class Counter: Sendable {
  private let value = Atomic(0)

  var count: Int { value.load(ordering: .sequentiallyConsistent) }

  func increment() { value.add(1, ordering: .sequentiallyConsistent) }
}

/// Runs `body` on a thread of its own while `other` runs here, and waits for both.
private func withThread(
  _ body: @escaping @Sendable () -> Void, while other: () throws -> Void
) throws {
  let thread = try Thread(name: "test", body)
  defer { thread.join() }
  try other()
}
