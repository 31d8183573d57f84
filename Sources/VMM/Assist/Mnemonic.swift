/// The instructions that the assist knows. <doc:EmulationAssist> has them in a table.
enum Mnemonic: UInt8, CaseIterable {
  case int, int3, int1, into, iret
  case fwait, fninit, fnclex, fnstcw, fldcw, fnstsw
  case emms, ldmxcsr, stmxcsr
  case xgetbv, xsetbv
  case xsave, xsaveopt, xsavec, xrstor
  case clac, stac, invpcid, rdtscp, rdssp
  case popcnt, crc32, cmpxchg16b
  case clflush, clflushopt, clwb
  case verr, verw, lar, lsl
  case daa, das, aaa, aas, aam, aad
  case movd, movq, movss, movsd
  case movlps, movlpd, movhps, movhpd, movhlps, movlhps
  case pand, pandn, por, pxor, andps, andpd, andnps, andnpd, orps, orpd, xorps, xorpd
  case paddb, paddw, paddd, paddq, psubb, psubw, psubd, psubq
  case punpcklbw, punpcklwd, punpckldq, punpcklqdq, punpckhqdq
  case pshufd, shufps

  /// As the processor's manuals write it, lower case.
  var name: String { "\(self)" }
}
