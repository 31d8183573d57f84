import TestSupport
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct DemoImageTests {
  @Test("the built-in demonstration is what its source builds to")
  func demoEqualsItsSource() throws {
    let memory = try GuestMemory(size: 4 << 20)
    try ImageFile.demo.load(into: memory, at: 0x10_0000)
    let embedded = try #require(memory.read(ImageFile.demo.size, at: 0x10_0000))
    let built = try GuestImages.bytes("demo")
    let isSame = embedded == built
    #expect(isSame, "run `scripts/build-guests --embed` and commit what it changes")
  }
}
