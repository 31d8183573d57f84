// Software interrupts in long mode: frame, alignment and flags, the interrupt stack table, a return to
// an inner and to the same level, and what the processor refuses. Ends with the number of the check that
// failed, or 0.
#include "selectors.h"

.set DEBUG_EXIT, 0xF4
.set TSS_RSP0, 0x2004
.set TSS_IST1, 0x2024
.set STACK, 0x80000
.set IST_STACK, 0x78008   // not aligned: the frame is all the same
.set USER_STACK, 0x88000
.set GATE_TRAP, 0x8F00
.set GATE_ABSENT, 0x0E00
.set DPL3, 0x6000
.set IST1, 1
.set IF_FLAG, 0x200
.set BREAKPOINT, 3
.set INVALID_OPCODE, 6
.set NOT_PRESENT, 11
.set PROTECTION, 13

.macro gate vector, handler, type, selector=CODE64_CPL0
  leaq \handler(%rip), %rax
  movw %ax, idt + 16 * \vector(%rip)
  movw $\selector, idt + 16 * \vector + 2(%rip)
  movw $\type, idt + 16 * \vector + 4(%rip)
  shrq $16, %rax
  movw %ax, idt + 16 * \vector + 6(%rip)
.endm

// An interrupt that is refused with the error code `code`.
.macro refused vector, number, code
  leaq 1f(%rip), %rax
  movq %rax, resume(%rip)
  movl $\number, %ebp
  int $\vector
  jmp failed
1:
  cmpq $\code, fault_code(%rip)
  jne failed
.endm

.section .text.start, "ax"
.globl start
start:
  lidt idt_descriptor(%rip)
  movq $STACK, TSS_RSP0
  movq $IST_STACK, TSS_IST1
  gate BREAKPOINT, count, GATE_TRAP + DPL3
  gate INVALID_OPCODE, undefined, INTERRUPT_GATE
  gate NOT_PRESENT, fault, INTERRUPT_GATE
  gate PROTECTION, fault, INTERRUPT_GATE
  gate 0x20, count, INTERRUPT_GATE
  gate 0x21, count, GATE_TRAP + DPL3
  gate 0x22, count, GATE_ABSENT + DPL3
  gate 0x23, count, INTERRUPT_GATE, 0
  gate 0x24, count, INTERRUPT_GATE, DATA_CPL0
  gate 0x25, count, INTERRUPT_GATE, CODE32_CPL0
  gate 0x26, count, INTERRUPT_GATE + IST1
  gate 0x30, leave, INTERRUPT_GATE + DPL3

  // An interrupt gate, from a stack pointer that is not aligned.
  movq $0x8FFF5, %rsp
  sti
  int $0x20
  cli
  movl $1, %ebp
  testq $IF_FLAG, handler_flags(%rip)
  jnz failed
  movl $2, %ebp
  testq $IF_FLAG, pushed_flags(%rip)
  jz failed
  movl $3, %ebp
  cmpq $CODE64_CPL0, pushed_selector(%rip)
  jne failed
  movl $4, %ebp
  cmpq $0x8FFF5, pushed_stack(%rip)
  jne failed
  movl $5, %ebp
  cmpq $(0x8FFF0 - 40), handler_stack(%rip)
  jne failed
  movl $6, %ebp
  cmpq $0x8FFF5, %rsp
  jne failed
  movq $0x90000, %rsp

  // A trap gate; INT3.
  sti
  int $0x21
  cli
  movl $7, %ebp
  testq $IF_FLAG, handler_flags(%rip)
  jz failed
  int3
  movl $8, %ebp
  cmpq $3, count_taken(%rip)
  jne failed

  // A stack of its own.
  int $0x26
  movl $9, %ebp
  cmpq $((IST_STACK & ~15) - 40), handler_stack(%rip)
  jne failed
  movl $10, %ebp
  cmpq $0x90000, %rsp
  jne failed

  refused 0x22, 11, (0x22 * 8 + 2)  // absent
  refused 0x23, 12, 0               // a null selector
  refused 0x24, 13, DATA_CPL0       // a data segment
  refused 0x25, 14, CODE32_CPL0     // code of 32 bits
  refused 0x7F, 15, (0x7F * 8 + 2)  // beyond the IDT's limit

  pushq $DATA_CPL3
  pushq $USER_STACK
  pushq $2
  pushq $CODE64_CPL3
  leaq user(%rip), %rax
  pushq %rax
  iretq

failed:                   // EBP has the number, 0 for success
  movl %ebp, %eax
  movw $DEBUG_EXIT, %dx
  outb %al, %dx
  cli
  hlt

user:
  movq $0, count_taken(%rip)
first_interrupt:
  int $0x21
  movl $20, %ebp
  cmpq $1, count_taken(%rip)
  jne failed
  movl $21, %ebp
  cmpq $USER_STACK, %rsp
  jne failed
  movl $22, %ebp
  cmpq $(STACK - 40), handler_stack(%rip)
  jne failed
  refused 0x20, 23, (0x20 * 8 + 2)  // DPL 0
  int $0x30

leave:
  movl $24, %ebp
  movw %ss, %ax
  testw %ax, %ax
  jnz failed
  leaq ok_text(%rip), %rsi
  jmp report

undefined:                // some KVMs make INT at CPL 3 this, and nobody can help
  movl $100, %ebp
  leaq first_interrupt(%rip), %rax
  cmpq %rax, (%rsp)
  jne failed
  leaq skip_text(%rip), %rsi
report:
  call print
  xorl %ebp, %ebp
  jmp failed

count:
  pushq %rax
  pushfq
  popq %rax
  movq %rax, handler_flags(%rip)
  movq 16(%rsp), %rax
  movq %rax, pushed_selector(%rip)
  movq 24(%rsp), %rax
  movq %rax, pushed_flags(%rip)
  movq 32(%rsp), %rax
  movq %rax, pushed_stack(%rip)
  leaq 8(%rsp), %rax
  movq %rax, handler_stack(%rip)
  incq count_taken(%rip)
  popq %rax
  iretq

fault:                    // notes the error code, and goes on where it is told to
  popq fault_code(%rip)
  pushq %rax
  movq resume(%rip), %rax
  movq %rax, 8(%rsp)
  popq %rax
  iretq

#define BITS 64
#include "print.h"

.section .rodata, "a"
ok_text:
  .asciz "ok software interrupts at CPL 0 and 3\n"
skip_text:
  .asciz "ok software interrupts at CPL 0; at CPL 3 the host has none\n"

.section .data.start, "aw"
  .balign 8
idt_descriptor:
  .word 0x40 * 16 - 1
  .quad idt

.section .bss.start, "aw", @nobits
  .balign 16
idt:
  .skip 0x40 * 16
handler_flags:
  .skip 8
pushed_flags:
  .skip 8
pushed_selector:
  .skip 8
pushed_stack:
  .skip 8
handler_stack:
  .skip 8
count_taken:
  .skip 8
fault_code:
  .skip 8
resume:
  .skip 8
