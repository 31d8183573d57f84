import Display
import SystemPackage
import TestSupport
import Testing
import VMM

@Suite("README's library example", .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm"))
struct ReadmeExampleTests {
  /// The example as README has it, but for the path of its image.
  private func example(imagePath: FilePath) throws -> (width: Int, ending: Ending) {
    // begin
    var configuration = MachineConfiguration()
    configuration.memorySize = 128 << 20
    configuration.commandLine = "frames=60"
    let image = try FlatImage(ImageFile(path: imagePath), mode: .long)
    let machine = try Machine(configuration, image: image)
    try machine.start()
    let ending = machine.wait()
    machine.withFrame { frame in
      print("\(frame.width)x\(frame.height), and it ended like this: \(ending)")
    }
    // end
    return (machine.withFrame { $0.width }, ending)
  }

  @Test func `the example runs`() throws {
    let (width, ending) = try example(imagePath: FilePath(GuestImages.path("scene")))
    #expect(width == 1024)
    guard case .halted = ending else {
      Issue.record("ended otherwise: \(ending)")
      return
    }
  }

  @Test func `the example is the one in README`() throws {
    let source = try read(#filePath).split(separator: "\n", omittingEmptySubsequences: false)
    let begin = try #require(source.firstIndex(of: "    // begin"))
    let end = try #require(source.firstIndex(of: "    // end"))
    let example = source[(begin + 1)..<end].map { $0.dropFirst(4) }.joined(separator: "\n")
      .replacing("imagePath", with: "\"scene.bin\"")
    #expect(try read(PackageRoot.path + "/README.md").contains(example))
  }

  private func read(_ path: String) throws -> String {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer.prefix(count)
      }
    }
  }
}
