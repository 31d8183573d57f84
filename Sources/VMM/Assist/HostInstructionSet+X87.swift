/// The x87 instructions but those of control, which ``AssistedProcessor`` executes itself. Intel SDM
/// volume 2, tables.
extension HostInstructionSet {
  /// On an operand in memory, by the opcode from D8 on and by ModR/M bits 3 to 5.
  private static let inMemory = [
    "fadd fmul fcom fcomp fsub fsubr fdiv fdivr",
    "fld - fst fstp - - - -",
    "fiadd fimul ficom ficomp fisub fisubr fidiv fidivr",
    "fild fisttp fist fistp - fld - fstp",
    "fadd fmul fcom fcomp fsub fsubr fdiv fdivr",
    "fld fisttp fst fstp - - - -",
    "fiadd fimul ficom ficomp fisub fisubr fidiv fidivr",
    "fild fisttp fist fistp fbld fild fbstp fistp",
  ]

  /// On a register that ModR/M bits 0 to 2 name.
  private static let onRegister = [
    "fadd fmul fcom fcomp fsub fsubr fdiv fdivr",
    "fld fxch - - - - - -",
    "fcmovb fcmove fcmovbe fcmovu - - - -",
    "fcmovnb fcmovne fcmovnbe fcmovnu - fucomi fcomi -",
    "fadd fmul - - fsubr fsub fdivr fdiv",
    "ffree - fst fstp fucom fucomp - -",
    "faddp fmulp - - fsubrp fsubp fdivrp fdivp",
    "ffreep - - - - fucomip fcomip -",
  ]

  /// D9 E0 to D9 FF.
  private static let onTop =
    "fchs fabs - - ftst fxam - - fld1 fldl2t fldl2e fldpi fldlg2 fldln2 fldz - "
    + "f2xm1 fyl2x fptan fpatan fxtract fprem1 fdecstp fincstp "
    + "fprem fyl2xp1 fsqrt fsincos frndint fscale fsin fcos"

  mutating func addX87(_ code: inout [[UInt8]]) {
    for (row, opcode) in zip(0..., UInt8(0xD8)...0xDF) {
      for (selector, name) in Self.names(Self.inMemory[row]) {
        let instruction = HostInstruction(
          name: name, size: Self.operandSize(opcode, selector),
          isStore: opcode & 1 != 0 && [1, 2, 3, 6, 7].contains(selector))
        add(
          instruction, Key(map: .oneByte, opcode: opcode, selector: selector, isRegister: false),
          [[opcode, selector << 3 | 6]], to: &code)
      }
      for (selector, name) in Self.names(Self.onRegister[row]) {
        for register in UInt8(0)..<8 {
          addX87(name, opcode, 0xC0 | selector << 3 | register, to: &code)
        }
      }
    }
    for (index, name) in Self.names(Self.onTop) { addX87(name, 0xD9, 0xE0 + index, to: &code) }
    addX87("fnop", 0xD9, 0xD0, to: &code)
    addX87("fucompp", 0xDA, 0xE9, to: &code)
    addX87("fcompp", 0xDE, 0xD9, to: &code)
  }

  private mutating func addX87(
    _ name: String, _ opcode: UInt8, _ modRM: UInt8, to code: inout [[UInt8]]
  ) {
    add(
      HostInstruction(name: name),
      Key(map: .oneByte, opcode: opcode, selector: modRM, isRegister: true),
      [[opcode, modRM]], to: &code)
  }

  private static func operandSize(_ opcode: UInt8, _ selector: UInt8) -> Int {
    switch (opcode, selector) {
    case (0xDB, 4...), (0xDF, 4), (0xDF, 6): 10
    case (0xDF, 4...): 8
    default: [4, 4, 4, 4, 8, 8, 2, 2][Int(opcode & 7)]
    }
  }

  /// The words of `row` but `-`, with their places.
  static func names(_ row: String) -> [(place: UInt8, name: String)] {
    zip(UInt8(0)..., row.split(separator: " ")).compactMap { place, name in
      name == "-" ? nil : (place, String(name))
    }
  }
}
