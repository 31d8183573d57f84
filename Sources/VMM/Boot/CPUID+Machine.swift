import CKVM
import KVM

extension CPUID {
  /// Leaves and bits that tell of this machine, not of the host.
  private enum Leaf {
    static let features: UInt32 = 1
    static let timeStampCounter: UInt32 = 0x15
    static let processorFrequency: UInt32 = 0x16
    static let hypervisor: UInt32 = 0x4000_0000
    static let timing: UInt32 = 0x4000_0010
  }

  /// The same processor on a machine without local APICs.
  func withoutLocalAPIC() -> CPUID {
    var result = self
    for index in result.entries.indices where result.entries[index].function == Leaf.features {
      result.entries[index].edx &= ~(1 << 9)  // APIC
      result.entries[index].ecx &= ~(1 << 21 | 1 << 24)  // x2APIC, TSC-deadline
    }
    return result
  }

  /// The same processor, which knows its frequencies: leaves 0x15 and 0x16 where the processor has them
  /// (Intel SDM volume 2, CPUID), and leaf 0x40000010, as VMware and QEMU give it.
  ///
  /// - Parameter kHz: Of the time-stamp counter.
  func settingTSCFrequency(kHz: UInt32) -> CPUID {
    guard kHz > 0 else { return self }
    var result = self
    result.entries.removeAll {
      [Leaf.timing, Leaf.timeStampCounter, Leaf.processorFrequency].contains($0.function)
    }
    func has(_ leaf: UInt32) -> Bool {
      entries.contains { $0.function == 0 && $0.eax >= leaf }
    }
    if has(Leaf.timeStampCounter) {
      var entry = kvm_cpuid_entry2()
      entry.function = Leaf.timeStampCounter
      // The crystal is what Linux takes the local APIC's timer to run at, and KVM's runs at 1 GHz.
      (entry.ebx, entry.eax) = Self.ratio(of: kHz)
      entry.ecx = Self.localAPICFrequency
      result.entries.append(entry)
    }
    if has(Leaf.processorFrequency) {
      var entry = kvm_cpuid_entry2()
      entry.function = Leaf.processorFrequency
      // Without it Linux measures the processor against the PIT, which takes its time, and fails where
      // each access to a port takes too long. Base and maximum are the TSC's, in whole MHz.
      let megahertz = kHz / 1000 + (kHz % 1000 >= 500 ? 1 : 0)
      (entry.eax, entry.ebx, entry.ecx) = (megahertz, megahertz, Self.busFrequency)
      result.entries.append(entry)
    }
    for index in result.entries.indices where result.entries[index].function == Leaf.hypervisor {
      result.entries[index].eax = max(result.entries[index].eax, Leaf.timing)
    }
    var entry = kvm_cpuid_entry2()
    entry.function = Leaf.timing
    entry.eax = kHz
    entry.ebx = Self.localAPICFrequency / 1000
    result.entries.append(entry)
    return result
  }

  /// Hz; KVM's `APIC_BUS_CYCLE_NS` is 1.
  private static let localAPICFrequency: UInt32 = 1_000_000_000

  /// MHz, as of every processor that has the leaf.
  private static let busFrequency: UInt32 = 100

  /// `kHz` as a fraction of ``localAPICFrequency``: the closest with a numerator that Linux reckons with
  /// rightly, which multiplies it by the crystal's kHz in 32 bits. Exact for whole MHz, and never more
  /// than 117 millionths off.
  private static func ratio(of kHz: UInt32) -> (numerator: UInt32, denominator: UInt32) {
    let crystal = UInt64(localAPICFrequency / 1000)
    let largest = UInt64(UInt32.max) / crystal
    func error(_ fraction: (UInt64, UInt64)) -> Double {
      abs(Double(fraction.0) / Double(fraction.1) - Double(kHz) / Double(crystal))
    }
    // The convergents of the continued fraction.
    var (rest, divisor) = (UInt64(kHz), crystal)
    var (last, best): ((UInt64, UInt64), (UInt64, UInt64)) = ((0, 1), (1, 0))
    while divisor != 0 {
      let term = rest / divisor
      let next = (term * best.0 + last.0, term * best.1 + last.1)
      guard next.0 <= largest else {
        let fewer = (largest - last.0) / max(best.0, 1)
        let between = (fewer * best.0 + last.0, fewer * best.1 + last.1)
        if error(between) < error(best) { best = between }
        break
      }
      (last, best) = (best, next)
      (rest, divisor) = (divisor, rest % divisor)
    }
    return (UInt32(clamping: best.0), UInt32(clamping: best.1))
  }
}
