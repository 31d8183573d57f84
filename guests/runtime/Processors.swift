/// The other CPUs.
///
/// Each runs Swift at CPL 3 as the first one does, with a stack, a TSS and counters of interrupts of
/// its own, but without ports: those belong to the first CPU.
enum Processors {
  /// Lays out what the CPUs 1 to `count - 1` need and has each run `body` with its number, which is
  /// its APIC's id. They begin with interrupts off and the local APIC as after reset.
  static func start(count: UInt32, memorySize: UInt64, _ body: ProcessorBody) {
    precondition(count <= 255 && area(count) <= memorySize, "no room for so many CPUs")
    setProcessorBody(body)
    for offset in 0..<trampolineSize() {
      memoryWrite8(UInt64(TRAMPOLINE) + offset, memoryRead8(trampolineSource() + offset))
    }
    for cpu in 1..<max(count, 1) { prepareArea(area(cpu)) }
    for cpu in 1..<max(count, 1) {
      // The second SIPI is for processors that miss the first; one that runs ignores it.
      LocalAPIC.send(.initialize, vector: 0, to: cpu)
      LocalAPIC.send(.startUp, vector: UInt8(TRAMPOLINE >> 12), to: cpu)
      LocalAPIC.send(.startUp, vector: UInt8(TRAMPOLINE >> 12), to: cpu)
    }
  }

  static func area(_ cpu: UInt32) -> UInt64 { UInt64(AREAS) + UInt64(cpu) << UInt64(AREA_SHIFT) }

  private static func prepareArea(_ area: UInt64) {
    let table = area + UInt64(AREA_GDT)
    for offset in stride(from: 0, to: UInt64(GDT_SIZE), by: 8) {
      memoryWrite64(table + offset, memoryRead64(UInt64(GDT) + offset))
    }
    let tss = area + UInt64(AREA_TSS)
    let limit: UInt64 = 0x67
    let available: UInt64 = 0x89 << 40  // present, DPL 0, 64-bit TSS that is not busy
    memoryWrite64(
      table + UInt64(TSS_SELECTOR),
      limit | (tss & 0xFF_FFFF) << 16 | available | (tss >> 24 & 0xFF) << 56)
    memoryWrite64(table + UInt64(TSS_SELECTOR) + 8, tss >> 32)
    memoryWrite16(area + UInt64(AREA_GDT_DESCRIPTOR), UInt16(GDT_SIZE - 1))
    memoryWrite64(area + UInt64(AREA_GDT_DESCRIPTOR) + 2, table)
    memoryWrite64(tss + 0x04, area + UInt64(AREA_RSP0))
    memoryWrite16(tss + 0x66, UInt16(limit + 1))
  }
}
