import CKVM
import KVM

extension CPUID {
  /// The same processor with the local APIC id `id`, in every leaf that tells it: 1, and the
  /// extended topology leaves 0xB and 0x1F (Intel SDM volume 2, CPUID).
  func settingAPICID(_ id: UInt32) -> CPUID {
    var result = self
    for index in result.entries.indices {
      switch result.entries[index].function {
      case 1:
        result.entries[index].ebx = result.entries[index].ebx & 0x00FF_FFFF | id << 24
      case 0xB, 0x1F:
        result.entries[index].edx = id
      default:
        break
      }
    }
    return result
  }
}
