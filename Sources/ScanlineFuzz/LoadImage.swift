import Glibc
import KVM

@testable import VMM

/// The RAM that images are loaded into, again and again: enough for a Linux kernel at 16 MiB.
private let memory = makeMemory(size: 32 << 20)
/// What kernels get that take one.
private let initrd = ImageFile(name: "initrd", bytes: [1, 2, 3], role: .initrd)

/// Takes the bytes for an image: as what they look like, and as every format that there is, and loads
/// those that are accepted. libFuzzer calls it; what is wrong traps, or makes the sanitizers stop.
///
/// - Returns: 0, by which libFuzzer keeps the input.
@c(LLVMFuzzerTestOneInput)
public func loadImage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  let file = ImageFile(name: "input", bytes: bytes)
  load(file, as: nil)
  for format in ImageFormat.allCases where format != file.kind.format {
    load(file, as: format)
  }
  return 0
}

/// Loads `file`, or has it refused, which is as good.
private func load(_ file: ImageFile, as format: ImageFormat?) {
  var options = BootOptions()
  options.format = format
  if [.linux, .pvh].contains(format ?? file.kind.format) { options.initrd = initrd }
  do {
    let image = try BootImage(file, options: options)
    try image.validate(memorySize: UInt64(memory.size))
    let configuration = try image.adapted(MachineConfiguration())
    let loader = try image.loader(memorySize: UInt64(memory.size))
    memory.clear()
    try loader.load(
      into: memory,
      of: Platform(memory, cpuCount: configuration.cpuCount, commandLine: "fuzz"))
    var registers = Registers()
    var special = SpecialRegisters()
    loader.enter(&registers, &special)
  } catch {
    precondition(!error.description.isEmpty, "an image was refused without a reason")
  }
}

/// RAM, or the end of the process, which says why: a host without it tells nothing of an image.
private func makeMemory(size: Int) -> GuestMemory {
  do {
    return try GuestMemory(size: size)
  } catch {
    print("scanline-fuzz: \(size >> 20) MiB of RAM: \(error); free some memory")
    fflush(nil)
    _exit(71)
  }
}
