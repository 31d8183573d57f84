// Executes each instruction of a list twice on the same random operands, at CPL 3, where every host runs
// it natively, and at CPL 0, where some KVMs fail to emulate it, and compares all that it changed.
#include "selectors.h"

.set INVALID_OPCODE, 6
.set DEBUG_EXIT, 0xF4
.set ROUNDS, 8
.set ARITHMETIC_FLAGS, 0x8D5

// A block: what an instruction may change.
.set FXSAVE, 0            // 512 bytes
.set GENERAL, 512         // RAX, RBX, RCX, RDX, RSI, R8, R9, RFLAGS
.set FLAGS, GENERAL + 56
.set MEMORY, 576          // 128 bytes
.set BLOCK_SIZE, MEMORY + 128
.set MXCSR, FXSAVE + 24

.section .text.start, "ax"
.globl start
start:
  leaq handler(%rip), %rax
  leaq idt(%rip), %rbx
  movw %ax, (INVALID_OPCODE * 16)(%rbx)
  movw $CODE64_CPL0, (INVALID_OPCODE * 16 + 2)(%rbx)
  movw $INTERRUPT_GATE, (INVALID_OPCODE * 16 + 4)(%rbx)
  shrq $16, %rax
  movw %ax, (INVALID_OPCODE * 16 + 6)(%rbx)
  lidt idt_descriptor(%rip)
  pushq $DATA_CPL3
  pushq $STACK_TOP_CPL3
  pushq $2
  pushq $CODE64_CPL3
  leaq main(%rip), %rax
  pushq %rax
  iretq

// #UD from CPL 3: the same at CPL 0. A second #UD, in the instruction itself, finds the wrong address.
handler:
  leaq again(%rip), %rax
  cmpq %rax, (%rsp)
  jne failed
  addq $2, (%rsp)
  call run
  iretq
failed:
  movl $2, %eax
  movw $DEBUG_EXIT, %dx
  outb %al, %dx
  hlt

main:                     // CPL 3
  leaq instructions(%rip), %r12
next_instruction:
  movl $ROUNDS, %ebp
next_round:
  call randomize
  movq (%r12), %r15
  leaq native(%rip), %r14
  call run
  leaq supervised(%rip), %r14
again:
  ud2
  call compare
  jne mismatch
  decl %ebp
  jnz next_round
  addq $8, %r12
  leaq instructions_end(%rip), %rax
  cmpq %rax, %r12
  jb next_instruction
  leaq passed_text(%rip), %rsi
  call print
  xorl %eax, %eax
  movw $DEBUG_EXIT, %dx
  outb %al, %dx

mismatch:                 // its number in the list, in hexadecimal
  leaq instructions(%rip), %rax
  subq %rax, %r12
  shrl $3, %r12d
  leaq mismatch_text(%rip), %rsi
  movl %r12d, %eax
  call print_number
  call end_line
  movb $1, %al
  movw $DEBUG_EXIT, %dx
  outb %al, %dx

// Executes the instruction at R15 on `input`, and stores what it changed at R14. At either CPL.
run:
  cld
  leaq input + MEMORY(%rip), %rsi
  leaq operand(%rip), %rdi
  movl $(BLOCK_SIZE - MEMORY) / 8, %ecx
  rep movsq
  leaq input(%rip), %rdi
  fxrstor FXSAVE(%rdi)
  pushq FLAGS(%rdi)
  movq GENERAL + 0(%rdi), %rax
  movq GENERAL + 8(%rdi), %rbx
  movq GENERAL + 16(%rdi), %rcx
  movq GENERAL + 24(%rdi), %rdx
  movq GENERAL + 32(%rdi), %rsi
  movq GENERAL + 40(%rdi), %r8
  movq GENERAL + 48(%rdi), %r9
  leaq operand(%rip), %rdi
  popfq
  call *%r15
  movq %rax, GENERAL + 0(%r14)
  movq %rbx, GENERAL + 8(%r14)
  movq %rcx, GENERAL + 16(%r14)
  movq %rdx, GENERAL + 24(%r14)
  movq %rsi, GENERAL + 32(%r14)
  movq %r8, GENERAL + 40(%r14)
  movq %r9, GENERAL + 48(%r14)
  pushfq
  popq %rax
  andl $ARITHMETIC_FLAGS, %eax
  movq %rax, FLAGS(%r14)
  fxsave FXSAVE(%r14)
  leaq operand(%rip), %rsi
  leaq MEMORY(%r14), %rdi
  movl $(BLOCK_SIZE - MEMORY) / 8, %ecx
  rep movsq
  ret

// Fills `input`: every bit is random that may be.
randomize:
  leaq input(%rip), %rdi
  movq random_state(%rip), %rax
  movl $BLOCK_SIZE / 8, %ecx
1:
  movq %rax, %rdx         // Marsaglia, "Xorshift RNGs", 2003
  shlq $13, %rdx
  xorq %rdx, %rax
  movq %rax, %rdx
  shrq $7, %rdx
  xorq %rdx, %rax
  movq %rax, %rdx
  shlq $17, %rdx
  xorq %rdx, %rax
  movq %rax, (%rdi)
  addq $8, %rdi
  loop 1b
  movq %rax, random_state(%rip)
  leaq input(%rip), %rdi
  andw $0x0F3F, (%rdi)    // FCW: every exception masked
  orw $0x007F, (%rdi)
  andw $0x7F7F, 2(%rdi)   // FSW: no unmasked exception
  movq $0, 6(%rdi)        // the last instruction and operand
  movq $0, 14(%rdi)
  movw $0, 22(%rdi)
  andl $0xFFBF, MXCSR(%rdi)
  orl $0x1F80, MXCSR(%rdi)
  andl $0xFFBF, MEMORY + 48(%rdi)  // the operand of LDMXCSR
  andq $ARITHMETIC_FLAGS, FLAGS(%rdi)
  orq $2, FLAGS(%rdi)
  testb $1, MEMORY + 56(%rdi)      // half the time what CMPXCHG16B looks for is there
  jz 2f
  movq GENERAL(%rdi), %rax
  movq %rax, MEMORY(%rdi)
  movq GENERAL + 24(%rdi), %rax
  movq %rax, MEMORY + 8(%rdi)
2:
  ret

// ZF: whether the two blocks are equal where an instruction could have changed them.
compare:
  leaq native(%rip), %rsi
  leaq supervised(%rip), %rdi
  movl $5, %ecx           // FCW, FSW, FTW
  repe cmpsb
  jne 3f
  leaq native + MXCSR(%rip), %rsi
  leaq supervised + MXCSR(%rip), %rdi
  cmpsl
  jne 3f
  addq $4, %rsi           // behind MXCSR_MASK: ST0 to ST7, 10 of 16 bytes each
  addq $4, %rdi
  movl $8, %edx
1:
  movl $10, %ecx
  repe cmpsb
  jne 3f
  addq $6, %rsi
  addq $6, %rdi
  decl %edx
  jnz 1b
  movl $256, %ecx         // XMM0 to XMM15
  repe cmpsb
  jne 3f
  leaq native + GENERAL(%rip), %rsi
  leaq supervised + GENERAL(%rip), %rdi
  movl $BLOCK_SIZE - GENERAL, %ecx
  repe cmpsb
3:
  ret

#define BITS 64
#include "print.h"

.section .rodata.instructions, "a"
  .balign 8
instructions:
.section .text.instructions, "ax"

.macro instruction text:vararg
  .pushsection .rodata.instructions
  .quad 1f
  .popsection
1:
  \text
  ret
.endm

.macro each_vector operation
  instruction \operation %xmm3, %xmm9
  instruction \operation (%rdi), %xmm2
.endm

.macro each_float operation
  .irp type, ps, pd, ss, sd
  each_vector \operation\type
  .endr
.endm

.macro each_integer operation     // of MMX and SSE2
  each_vector \operation
  instruction \operation %mm6, %mm1
  instruction \operation 3(%rdi), %mm2
.endm

.macro x87_on_register opcode, from:vararg
  .irp modrm, \from
  instruction .byte \opcode, \modrm + 3
  .endr
.endm

  instruction popcntw %cx, %ax
  instruction popcntl %ecx, %r8d
  instruction popcntq 8(%rdi), %r9
  instruction crc32b %ch, %eax
  instruction crc32b (%rdi), %rax
  instruction crc32w %cx, %ebx
  instruction crc32l 4(%rdi), %edx
  instruction crc32q %r9, %r8
  instruction cmpxchg16b (%rdi)
  instruction lock cmpxchg16b (%rdi)
  instruction clwb 3(%rdi)
  instruction clflushopt 3(%rdi)
  instruction clflush 3(%rdi)

  instruction fninit
  instruction fnclex
  instruction fnstcw 6(%rdi)
  instruction fnstsw 7(%rdi)
  instruction fnstsw %ax
  instruction fldcw 2(%rdi)
  instruction fwait
  .irp operation, fnstenv, fldenv, fnsave, frstor
  instruction \operation 3(%rdi)
  instruction data16 \operation 3(%rdi)
  .endr
  instruction emms
  instruction ldmxcsr 48(%rdi)
  instruction stmxcsr 5(%rdi)

  .irp operation, fadd, fmul, fcom, fcomp, fsub, fsubr, fdiv, fdivr, fld, fst, fstp
  instruction \operation\()s 5(%rdi)
  instruction \operation\()l 5(%rdi)
  .endr
  .irp operation, fiadd, fimul, ficom, ficomp, fisub, fisubr, fidiv, fidivr, fild, fist, fistp, fisttp
  instruction \operation\()s 5(%rdi)
  instruction \operation\()l 5(%rdi)
  .endr
  .irp operation, fldt, fstpt, fbld, fbstp, fildll, fistpll, fisttpll
  instruction \operation 5(%rdi)
  .endr
  x87_on_register 0xD8, 0xC0, 0xC8, 0xD0, 0xD8, 0xE0, 0xE8, 0xF0, 0xF8
  x87_on_register 0xD9, 0xC0, 0xC8
  x87_on_register 0xDA, 0xC0, 0xC8, 0xD0, 0xD8
  x87_on_register 0xDB, 0xC0, 0xC8, 0xD0, 0xD8, 0xE8, 0xF0
  x87_on_register 0xDC, 0xC0, 0xC8, 0xE0, 0xE8, 0xF0, 0xF8
  x87_on_register 0xDD, 0xC0, 0xD0, 0xD8, 0xE0, 0xE8
  x87_on_register 0xDE, 0xC0, 0xC8, 0xE0, 0xE8, 0xF0, 0xF8
  x87_on_register 0xDF, 0xC0, 0xE8, 0xF0
  .irp operation, fnop, fchs, fabs, ftst, fxam, fld1, fldl2t, fldl2e, fldpi, fldlg2, fldln2, fldz
  instruction \operation
  .endr
  .irp operation, f2xm1, fyl2x, fptan, fpatan, fxtract, fprem1, fdecstp, fincstp, fprem, fyl2xp1, fsqrt
  instruction \operation
  .endr
  .irp operation, fsincos, frndint, fscale, fsin, fcos, fucompp, fcompp
  instruction \operation
  .endr

  instruction movd %ecx, %xmm1
  instruction movq %rcx, %xmm11
  instruction movd %xmm12, %r8d
  instruction movq %xmm3, %r9
  instruction movd 3(%rdi), %xmm4
  instruction movd %xmm4, 3(%rdi)
  instruction movq 3(%rdi), %xmm14
  instruction movq %xmm14, 3(%rdi)
  instruction movq %xmm1, %xmm8
  instruction .byte 0x66, 0x0F, 0xD6, 0xCA  // movq %xmm1, %xmm2, the other encoding
  instruction movss %xmm1, %xmm2
  instruction movss 5(%rdi), %xmm2
  instruction movss %xmm2, 5(%rdi)
  instruction movsd %xmm9, %xmm2
  instruction movsd 5(%rdi), %xmm9
  instruction movsd %xmm9, 5(%rdi)
  instruction movlps 1(%rdi), %xmm0
  instruction movlps %xmm0, 1(%rdi)
  instruction movhps 1(%rdi), %xmm10
  instruction movhps %xmm10, 1(%rdi)
  instruction movlpd 1(%rdi), %xmm0
  instruction movhpd %xmm0, 1(%rdi)
  instruction movhlps %xmm5, %xmm6
  instruction movlhps %xmm5, %xmm13

  .irp operation, movups, movaps, movupd, movapd, movdqu, movdqa
  each_vector \operation
  instruction \operation %xmm3, (%rdi)
  .endr
  .irp operation, movntps, movntpd, movntdq
  instruction \operation %xmm3, (%rdi)
  .endr
  instruction movntq %mm3, (%rdi)

  .irp operation, add, sub, mul, div, min, max, sqrt
  each_float \operation
  .endr
  .irp operation, rsqrtps, rsqrtss, rcpps, rcpss, unpcklps, unpcklpd, unpckhps, unpckhpd, andps, andpd
  each_vector \operation
  .endr
  .irp operation, andnps, andnpd, orps, orpd, xorps, xorpd, ucomiss, ucomisd, comiss, comisd
  each_vector \operation
  .endr
  .irp operation, cvtdq2ps, cvtps2dq, cvttps2dq, cvtdq2pd, cvtpd2dq, cvttpd2dq
  each_vector \operation
  .endr
  .irp operation, cvtps2pd, cvtpd2ps, cvtss2sd, cvtsd2ss
  each_vector \operation
  .endr
  .irp operation, cvtpi2ps, cvtpi2pd
  instruction \operation %mm3, %xmm9
  instruction \operation (%rdi), %xmm9
  .endr
  .irp operation, cvtps2pi, cvttps2pi, cvtpd2pi, cvttpd2pi
  instruction \operation %xmm9, %mm3
  instruction \operation (%rdi), %mm3
  .endr
  .irp operation, cvtsi2ss, cvtsi2sd
  instruction \operation %ecx, %xmm9
  instruction \operation %r9, %xmm2
  instruction \operation\()l 3(%rdi), %xmm9
  instruction \operation\()q 3(%rdi), %xmm9
  .endr
  .irp operation, cvtss2si, cvttss2si, cvtsd2si, cvttsd2si
  instruction \operation %xmm9, %ecx
  instruction \operation %xmm2, %r9
  instruction \operation 3(%rdi), %r8d
  .endr
  .irp type, ps, pd, ss, sd
  .irp number, 0, 1, 2, 3, 4, 5, 6, 7
  instruction cmp\type $\number, %xmm3, %xmm9
  instruction cmp\type $\number, (%rdi), %xmm2
  .endr
  .endr
  instruction movmskps %xmm9, %ecx
  instruction movmskpd %xmm2, %r9d
  instruction pmovmskb %xmm9, %ecx
  instruction pmovmskb %mm2, %r9d
  instruction pextrw $5, %xmm9, %ecx
  instruction pextrw $2, %mm2, %r9d
  instruction pinsrw $5, %ecx, %xmm9
  instruction pinsrw $7, 3(%rdi), %xmm2
  instruction pinsrw $2, %ecx, %mm2
  instruction movq2dq %mm2, %xmm9
  instruction movdq2q %xmm9, %mm2
  .irp operation, pshufd, pshuflw, pshufhw, shufps, shufpd
  instruction \operation $0x1B, %xmm3, %xmm9
  instruction \operation $0x9C, (%rdi), %xmm9
  .endr
  instruction pshufw $0x1B, %mm3, %mm1
  instruction pshufw $0x9C, 3(%rdi), %mm1

  each_vector punpcklqdq
  each_vector punpckhqdq
  .irp operation, punpcklbw, punpcklwd, punpckldq, punpckhbw, punpckhwd, punpckhdq, packsswb, packuswb
  each_integer \operation
  .endr
  .irp operation, packssdw, pcmpgtb, pcmpgtw, pcmpgtd, pcmpeqb, pcmpeqw, pcmpeqd, pand, pandn, por, pxor
  each_integer \operation
  .endr
  .irp operation, paddb, paddw, paddd, paddq, psubb, psubw, psubd, psubq, paddsb, paddsw, paddusb, paddusw
  each_integer \operation
  .endr
  .irp operation, psubsb, psubsw, psubusb, psubusw, pminub, pmaxub, pminsw, pmaxsw, pavgb, pavgw, psadbw
  each_integer \operation
  .endr
  .irp operation, pmullw, pmulhw, pmulhuw, pmuludq, pmaddwd, psrlw, psrld, psrlq, psraw, psrad
  each_integer \operation
  .endr
  .irp operation, psllw, pslld, psllq
  each_integer \operation
  .endr
  .irp operation, psrlw, psrld, psrlq, psraw, psrad, psllw, pslld, psllq
  instruction \operation $3, %xmm9
  instruction \operation $200, %xmm2
  instruction \operation $9, %mm5
  .endr
  .irp operation, psrldq, pslldq
  instruction \operation $5, %xmm9
  instruction \operation $16, %xmm2
  .endr

  instruction movd %ecx, %mm3
  instruction movd 3(%rdi), %mm3
  instruction movd %mm3, %r8d
  instruction movd %mm3, 3(%rdi)
  instruction movq %r9, %mm4
  instruction movq %mm4, %r9

.section .rodata.instructions, "a"
instructions_end:

.section .rodata.texts, "a"
passed_text:
  .asciz "ok every instruction does the same at CPL 0 as at CPL 3\n"
mismatch_text:
  .asciz "FAIL instruction "

.section .data.start, "aw"
  .balign 8
random_state:
  .quad 0x5CA171A5EED0
idt_descriptor:
  .word IDT_SIZE - 1
  .quad idt

.section .bss.start, "aw", @nobits
  .balign 16
idt:
  .skip IDT_SIZE
input:
  .skip BLOCK_SIZE
native:
  .skip BLOCK_SIZE
supervised:
  .skip BLOCK_SIZE
operand:
  .skip BLOCK_SIZE - MEMORY
