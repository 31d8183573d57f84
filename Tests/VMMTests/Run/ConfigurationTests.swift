import KVM
import TestSupport
import Testing

@testable import VMM

@Suite struct ConfigurationTests {
  private func error(_ change: (inout MachineConfiguration) -> Void) -> VMMError? {
    var configuration = MachineConfiguration()
    change(&configuration)
    do throws(VMMError) {
      try configuration.validate()
      return nil
    } catch {
      return error
    }
  }

  @Test("the defaults are a machine")
  func defaults() {
    #expect(error { _ in } == nil)
  }

  @Test(
    "memory is a number of pages, from 2 MiB to 64 GiB",
    arguments: [
      (0, "2M to 64G"), (4096, "2M to 64G"), ((2 << 20) - 4096, "2M to 64G"),
      ((2 << 20) + 1, "multiple of 4096"), ((64 << 30) + 4096, "2M to 64G"),
      (.max, "2M to 64G"), (.max - 4095, "2M to 64G"),
    ] as [(UInt64, String)])
  func memory(size: UInt64, words: String) {
    let error = error { $0.memorySize = size }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("\(size)") == true)
    #expect(error?.description.contains(words) == true)
  }

  @Test("the smallest memory is enough")
  func smallestMemory() {
    #expect(error { $0.memorySize = 2 << 20 } == nil)
  }

  @Test("1 to 254 CPUs", arguments: [Int.min, -1, 0, 255, Int.max])
  func cpus(count: Int) {
    let error = error { $0.cpuCount = count }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("\(count) vCPUs") == true)
    #expect(error?.description.contains("1 to 254") == true)
  }

  @Test("several CPUs need the interrupt controller")
  func interruptController() {
    let error = error {
      $0.cpuCount = 2
      $0.interruptController = .none
    }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("--irqchip none") == true)
    #expect(self.error { $0.cpuCount = 254 } == nil)
    #expect(self.error { $0.interruptController = .none } == nil)
  }

  @Test(
    "one vCPU has no APICs, several have local ones in the kernel",
    .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm"))
  func automaticController() throws {
    let hypervisor = try Hypervisor()
    var configuration = MachineConfiguration()
    #expect(configuration.interruptArrangement(on: hypervisor) == .userSpace)
    configuration.cpuCount = 2
    let isSplit = hypervisor.checkExtension(.splitIRQChip) > 0
    #expect(configuration.interruptArrangement(on: hypervisor) == (isSplit ? .split : .kernel))
    configuration.interruptController = .kernel
    #expect(configuration.interruptArrangement(on: hypervisor) == .kernel)
  }

  @Test("kernels get the memory and, unless told otherwise, the local APIC that they count on")
  func kernels() throws {
    for (name, megabytes, hasAPIC) in [
      ("multiboot", 128, true), ("multiboot2", 128, true), ("pvh", 512, true),
      ("testdevices", 64, false),
    ] {
      let image = try BootImage.guest(name)
      #expect(image.recommendedMemorySize == UInt64(megabytes) << 20, "\(name)")
      let configuration = try image.adapted(MachineConfiguration())
      #expect(configuration.prefersLocalAPICs == hasAPIC, "\(name)")
    }
  }

  @Test("a command line of bytes, not of characters")
  func commandLine() {
    #expect(error { $0.commandLine = String(repeating: "x", count: 3999) } == nil)
    let error = error { $0.commandLine = String(repeating: "é", count: 2000) }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("4000 bytes") == true)
    #expect(error?.description.contains("3999") == true)
  }

  @Test("1 to 1000 frames per second", arguments: [Int.min, 0, 1001, Int.max])
  func framesPerSecond(count: Int) {
    let error = error { $0.framesPerSecond = count }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("1 to 1000") == true)
  }

  @Test(
    "video modes that can be", arguments: [8, 15, 16, 24, 32])
  func possibleMode(bitsPerPixel: Int) throws {
    let mode = try #require(
      FramebufferMode(width: 1024, height: 768, bitsPerPixel: bitsPerPixel))
    #expect(mode.description == "1024x768x\(bitsPerPixel)")
    #expect(mode.videoMemorySize == 16 << 20)
    #expect(FramebufferMode(width: 1, height: 1, bitsPerPixel: bitsPerPixel) != nil)
  }

  @Test(
    "video modes that cannot be",
    arguments: [
      (0, 768, 32), (1024, 0, 32), (-1, -1, 32), (1024, 768, 0), (1024, 768, 7), (1024, 768, 33),
      (16001, 1, 8), (1, 12001, 8), (16000, 12000, 32), (.max, .max, 32), (.min, 1, 8),
    ] as [(Int, Int, Int)])
  func impossibleMode(width: Int, height: Int, bitsPerPixel: Int) {
    #expect(FramebufferMode(width: width, height: height, bitsPerPixel: bitsPerPixel) == nil)
  }

  @Test(
    "video memory is a power of two that holds the mode",
    arguments: [
      (1024, 768, 16 << 20), (2048, 2048, 16 << 20), (2049, 2048, 32 << 20),
      (3840, 2160, 32 << 20), (8192, 8192, 256 << 20),
    ])
  func videoMemory(width: Int, height: Int, size: Int) throws {
    let mode = try #require(FramebufferMode(width: width, height: height, bitsPerPixel: 32))
    #expect(mode.videoMemorySize == size)
  }
}
