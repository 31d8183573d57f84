// The one module that knows the instruction: Swift has no other name for it, and C is not needed.
import Builtin

/// Begins to bring the cache line of `address` closer (`PREFETCHT0`; Intel SDM volume 2, PREFETCHh). A
/// hint: it never faults, so the address may lie outside any mapping.
@inline(__always)
func prefetch(_ address: UnsafeRawPointer) {
  let forReading = Int32(0)
  let keptInAllCaches = Int32(3)
  let ofData = Int32(1)
  Builtin.int_prefetch_RawPointer(
    address._rawValue, forReading._value, keptInAllCaches._value, ofData._value)
}
