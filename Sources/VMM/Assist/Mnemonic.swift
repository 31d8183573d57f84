/// The instructions that the assist knows. <doc:EmulationAssist> has them in a table.
enum Mnemonic: Hashable {
  case int, int3, int1, into, iret
  case fwait, fninit, fnclex, fnstcw, fldcw, fnstsw
  case fnstenv, fldenv, fnsave, frstor
  case emms, ldmxcsr, stmxcsr
  case xgetbv, xsetbv
  case xsave, xsaveopt, xsavec, xrstor
  case clac, stac, invpcid, rdtscp, rdssp
  case popcnt, crc32, cmpxchg16b
  case clflush, clflushopt, clwb
  case verr, verw, lar, lsl
  case daa, das, aaa, aas, aam, aad
  /// By the host's processor.
  case host(HostInstruction.ID)

  /// As the processor's manuals write it, lower case.
  var name: String {
    if case .host(let id) = self { id.name } else { "\(self)" }
  }
}
