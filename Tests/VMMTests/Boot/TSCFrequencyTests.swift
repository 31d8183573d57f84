import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("The TSC's frequency in CPUID")
struct TSCFrequencyTests {
  /// Leaf 0x15 of a processor that has it.
  private func leaf(kHz: UInt32) throws -> kvm_cpuid_entry2 {
    var basic = kvm_cpuid_entry2()
    basic.eax = 0x16
    return try #require(
      CPUID(entries: [basic]).settingTSCFrequency(kHz: kHz)[function: 0x15])
  }

  /// What Linux makes of it, in 32 bits: `native_calibrate_tsc` in arch/x86/kernel/tsc.c.
  private func linux(_ leaf: kvm_cpuid_entry2) throws -> UInt32 {
    let (product, overflows) = (leaf.ecx / 1000).multipliedReportingOverflow(by: leaf.ebx)
    #expect(!overflows)
    return product / leaf.eax
  }

  @Test("whole MHz are exact", arguments: [800_000, 2_000_000, 2_501_000, 3_399_000, 4_294_000])
  func wholeMHz(kHz: UInt32) throws {
    #expect(try linux(leaf(kHz: kHz)) == kHz)
  }

  @Test("2499.988 MHz, which Linux took for 0.317 MHz")
  func fraction() throws {
    #expect(try linux(leaf(kHz: 2_499_988)) == 2_500_000)
  }

  @Test("any frequency is right within 117 millionths, and the crystal is the local APIC's")
  func anyFrequency() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      let kHz = UInt32.random(in: 500_000...6_000_000, using: &random)
      let leaf = try leaf(kHz: kHz)
      let error = abs(Int64(try linux(leaf)) - Int64(kHz))
      #expect(error * 1_000_000 <= Int64(kHz) * 117 + 1_000_000, "\(kHz) kHz, seed \(seed)")
      #expect(leaf.ecx == 1_000_000_000)
    }
  }

  @Test(
    "the processor's own frequency is the TSC's in whole MHz",
    arguments: [(2_499_988, 2500), (2_500_499, 2500), (2_500_500, 2501), (.max, 4_294_967)]
      as [(UInt32, UInt32)])
  func processor(kHz: UInt32, megahertz: UInt32) throws {
    var basic = kvm_cpuid_entry2()
    basic.eax = 0x16
    var stale = kvm_cpuid_entry2()
    stale.function = 0x16
    let cpuid = CPUID(entries: [basic, stale]).settingTSCFrequency(kHz: kHz)
    #expect(cpuid.entries.count { $0.function == 0x16 } == 1)
    let leaf = try #require(cpuid[function: 0x16])
    #expect([leaf.eax, leaf.ebx, leaf.ecx] == [megahertz, megahertz, 100])
  }

  @Test("a processor without the leaves has none afterwards", arguments: [0xD, 0x15] as [UInt32])
  func absent(last: UInt32) {
    var basic = kvm_cpuid_entry2()
    basic.eax = last
    let cpuid = CPUID(entries: [basic]).settingTSCFrequency(kHz: 2_499_988)
    #expect((cpuid[function: 0x15] != nil) == (last == 0x15))
    #expect(cpuid[function: 0x16] == nil)
    #expect(cpuid[function: 0x4000_0010]?.eax == 2_499_988)
  }
}
