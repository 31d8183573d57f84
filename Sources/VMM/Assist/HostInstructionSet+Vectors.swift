/// MMX, SSE and SSE2. Intel SDM volume 2, table A-3, whose letters name the operands, the target first:
/// G, V and P are a general, XMM or MMX register by ModR/M bits 3 to 5; E, W and Q one by bits 0 to 2, or
/// memory; U and N never memory, M nothing else. A number is the memory operand's bytes if they are not a
/// whole vector, and u marks an operand without alignment.
extension HostInstructionSet {
  /// By the mandatory prefix: none, 66, F3, F2. Without operands it is VW.
  private static let rows: [(opcode: UInt8, row: String)] = [
    (0x10, "movups:VWu movupd:VWu movss:VW4 movsd:VW8"),
    (0x11, "movups:WVu movupd:WVu movss:WV4 movsd:WV8"),
    (0x12, "movlps:VM8 movlpd:VM8"), (0x12, "movhlps:VU"), (0x13, "movlps:MV8 movlpd:MV8"),
    (0x14, "unpcklps unpcklpd"), (0x15, "unpckhps unpckhpd"),
    (0x16, "movhps:VM8 movhpd:VM8"), (0x16, "movlhps:VU"), (0x17, "movhps:MV8 movhpd:MV8"),
    (0x28, "movaps movapd"), (0x29, "movaps:WV movapd:WV"),
    (0x2A, "cvtpi2ps:VQ cvtpi2pd:VQ cvtsi2ss:VE cvtsi2sd:VE"), (0x2B, "movntps:MV movntpd:MV"),
    (0x2C, "cvttps2pi:PW8 cvttpd2pi:PW cvttss2si:GW4 cvttsd2si:GW8"),
    (0x2D, "cvtps2pi:PW8 cvtpd2pi:PW cvtss2si:GW4 cvtsd2si:GW8"),
    (0x2E, "ucomiss:VW4 ucomisd:VW8"), (0x2F, "comiss:VW4 comisd:VW8"),
    (0x50, "movmskps:GU movmskpd:GU"), (0x51, "sqrtps sqrtpd sqrtss:VW4 sqrtsd:VW8"),
    (0x52, "rsqrtps - rsqrtss:VW4"), (0x53, "rcpps - rcpss:VW4"),
    (0x54, "andps andpd"), (0x55, "andnps andnpd"), (0x56, "orps orpd"), (0x57, "xorps xorpd"),
    (0x58, "addps addpd addss:VW4 addsd:VW8"), (0x59, "mulps mulpd mulss:VW4 mulsd:VW8"),
    (0x5A, "cvtps2pd:VW8 cvtpd2ps cvtss2sd:VW4 cvtsd2ss:VW8"),
    (0x5B, "cvtdq2ps cvtps2dq cvttps2dq"), (0x5C, "subps subpd subss:VW4 subsd:VW8"),
    (0x5D, "minps minpd minss:VW4 minsd:VW8"), (0x5E, "divps divpd divss:VW4 divsd:VW8"),
    (0x5F, "maxps maxpd maxss:VW4 maxsd:VW8"),
    (0x60, "punpcklbw:PQ4 punpcklbw"), (0x61, "punpcklwd:PQ4 punpcklwd"),
    (0x62, "punpckldq:PQ4 punpckldq"), (0x6C, "- punpcklqdq"), (0x6D, "- punpckhqdq"),
    (0x6E, "movd:PE movd:VE"), (0x6F, "movq:PQ movdqa movdqu:VWu"),
    (0x70, "pshufw:PQ pshufd pshufhw pshuflw"),
    (0x7E, "movd:EP movd:EV movq:VW8"), (0x7F, "movq:QP movdqa:WV movdqu:WVu"),
    (0xC2, "cmpps cmppd cmpss:VW4 cmpsd:VW8"), (0xC4, "pinsrw:PE2 pinsrw:VE2"),
    (0xC5, "pextrw:GN pextrw:GU"), (0xC6, "shufps shufpd"),
    (0xD6, "- movq:WV8 movq2dq:VN movdq2q:PU"), (0xD7, "pmovmskb:GN pmovmskb:GU"),
    (0xE6, "- cvttpd2dq cvtdq2pd:VW8 cvtpd2dq"), (0xE7, "movntq:MP movntdq:MV"),
  ]

  /// From the opcode on: PQ without prefix, VW with 66.
  private static let integers: [(opcode: UInt8, row: String)] = [
    (0x63, "packsswb pcmpgtb pcmpgtw pcmpgtd packuswb punpckhbw punpckhwd punpckhdq packssdw"),
    (0x74, "pcmpeqb pcmpeqw pcmpeqd"), (0xD1, "psrlw psrld psrlq paddq pmullw"),
    (0xD8, "psubusb psubusw pminub pand paddusb paddusw pmaxub pandn"),
    (0xE0, "pavgb psraw psrad pavgw pmulhuw pmulhw"),
    (0xE8, "psubsb psubsw pminsw por paddsb paddsw pmaxsw pxor"),
    (0xF1, "psllw pslld psllq pmuludq pmaddwd psadbw"),
    (0xF8, "psubb psubw psubd psubq paddb paddw paddd"),
  ]

  /// By ModR/M bits 3 to 5.
  private static let shifts: [(opcode: UInt8, row: String)] = [
    (0x71, "- - psrlw - psraw - psllw -"), (0x72, "- - psrld - psrad - pslld -"),
    (0x73, "- - psrlq psrldq - - psllq pslldq"),
  ]

  mutating func addVectors(_ code: inout [[UInt8]]) {
    for (opcode, row) in Self.rows {
      for (column, name) in Self.names(row) {
        let prefix = Instruction.MandatoryPrefix.allCases[Int(column)]
        let words = name.split(separator: ":")
        addVector(
          prefix, opcode, String(words[0]), Array(words.count > 1 ? words[1] : "VW"), to: &code)
      }
    }
    for (first, row) in Self.integers {
      for (place, name) in Self.names(row) {
        addVector(.none, first + place, name, ["P", "Q"], to: &code)
        addVector(.p66, first + place, name, ["V", "W"], to: &code)
      }
    }
    for (opcode, row) in Self.shifts {
      for (selector, name) in Self.names(row) {
        addShift(.p66, opcode, selector, name, to: &code)
        if selector & 1 == 0 { addShift(.none, opcode, selector, name, to: &code) }
      }
    }
  }

  /// - Parameter operands: Their letters, and what follows them.
  private mutating func addVector(
    _ prefix: Instruction.MandatoryPrefix, _ opcode: UInt8, _ name: String, _ operands: [Character],
    to code: inout [[UInt8]]
  ) {
    let isStore = "WQEM".contains(operands[0])
    let register = operands[isStore ? 1 : 0]
    let other = operands[isStore ? 0 : 1]
    let isGeneral = register == "G" || other == "E"
    for isWide in isGeneral ? [false, true] : [false] {
      var instruction = HostInstruction(
        name: isWide && name == "movd" ? "movq" : name,
        register: register == "G" ? .general : register == "P" ? .mmx : .xmm,
        other: other == "E" ? .general : "QN".contains(other) ? .mmx : .xmm)
      instruction.size =
        operands.last?.wholeNumberValue
        ?? (other == "E" ? (isWide ? 8 : 4) : instruction.usesMMX && other != "W" ? 8 : 16)
      instruction.isAligned = instruction.size == 16 && operands.last != "u"
      instruction.isStore = isStore
      instruction.hasImmediate = OpcodeFormat(.twoByte, opcode)?.hasImmediate == true
      for isRegister in [false, true] where !(isRegister ? "M" : "UN").contains(other) {
        let encoding =
          prefix.bytes + (isWide ? [0x48] : []) + [0x0F, opcode, isRegister ? 0xC1 : 0x06]
        add(
          instruction,
          Key(
            map: .twoByte, prefix: prefix, opcode: opcode, isRegister: isRegister, isWide: isWide),
          Self.alternatives(encoding, instruction), to: &code)
      }
    }
  }

  /// A shift of bits by an immediate is one by a vector in memory; of bytes, there is none.
  private mutating func addShift(
    _ prefix: Instruction.MandatoryPrefix, _ opcode: UInt8, _ selector: UInt8, _ name: String,
    to code: inout [[UInt8]]
  ) {
    var instruction = HostInstruction(name: name, register: prefix == .p66 ? .xmm : .mmx)
    instruction.isShift = true
    instruction.hasImmediate = selector & 1 != 0
    let encoding =
      instruction.hasImmediate
      ? [0x0F, opcode, 0xC0 | selector << 3] : [0x0F, 0xC0 + 8 * selector + opcode & 3, 0x06]
    add(
      instruction,
      Key(map: .twoByte, prefix: prefix, opcode: opcode, selector: selector, isRegister: true),
      Self.alternatives(prefix.bytes + encoding, instruction), to: &code)
  }

  private static func alternatives(
    _ encoding: [UInt8], _ instruction: HostInstruction
  ) -> [[UInt8]] {
    instruction.hasImmediate ? (0...255).map { encoding + [$0] } : [encoding]
  }
}
