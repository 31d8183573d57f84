import KVM

@testable import VMM

/// Enough for a Linux kernel at 16 MiB.
private let memorySize = 32 << 20
/// The RAM that images are loaded into, again and again.
private let memory: GuestMemory? = try? GuestMemory(size: memorySize)
/// What kernels get that take one.
private let initrd = ImageFile(name: "initrd", bytes: [1, 2, 3], role: .initrd)

/// Takes the bytes for an image: as what they look like, and as every format that there is, and loads
/// those that are accepted. libFuzzer calls it; what is wrong traps, or makes the sanitizers stop.
///
/// - Returns: 0, by which libFuzzer keeps the input.
@c(LLVMFuzzerTestOneInput)
public func loadImage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let memory else {
    preconditionFailure("the host has no \(memorySize) bytes of memory")
  }
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  let file = ImageFile(name: "input", bytes: bytes)
  load(file, as: nil, into: memory)
  for format in ImageFormat.allCases where format != file.kind.format {
    load(file, as: format, into: memory)
  }
  return 0
}

/// Loads `file`, or has it refused, which is as good.
private func load(_ file: ImageFile, as format: ImageFormat?, into memory: GuestMemory) {
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
      of: Platform(
        memoryBelow4GiB: UInt64(memory.size), memoryAbove4GiB: 0, framebuffer: nil,
        cpuCount: configuration.cpuCount, commandLine: "fuzz"))
    var registers = Registers()
    var special = SpecialRegisters()
    loader.enter(&registers, &special)
  } catch {
    precondition(!error.description.isEmpty)
  }
}
