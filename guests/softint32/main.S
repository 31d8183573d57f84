// Software interrupts and their returns in 32-bit protected mode: through interrupt and trap gates, on
// the same stack and from CPL 3 on that of the TSS, and what the processor refuses. Ends with the number
// of the check that failed, or 0.
#include "selectors.h"
.code32

.set DEBUG_EXIT, 0xF4
.set GATE_INTERRUPT, 0x8E00        // present, 32-bit; the DPL is added
.set GATE_TRAP, 0x8F00
.set GATE_ABSENT, 0x0E00
.set DPL3, 0x6000
.set CODE32_CPL3, 0x33
.set IF_FLAG, 0x200
.set AC_FLAG, 0x40000
.set BREAKPOINT, 3
.set OVERFLOW, 4
.set INVALID_OPCODE, 6
.set NOT_PRESENT, 11
.set STACK_FAULT, 12
.set PROTECTION, 13
.set TSS_ESP0, 0x2004
.set STACK, 0x80000
.set USER_STACK, 0x88000

.macro gate vector, handler, type, selector=CODE32_CPL0
  movl $\handler, %eax
  movw %ax, idt + 8 * \vector
  movw $\selector, idt + 8 * \vector + 2
  movw $\type, idt + 8 * \vector + 4
  shrl $16, %eax
  movw %ax, idt + 8 * \vector + 6
.endm


.section .text.start, "ax"
.globl start
start:
  lidt idt_descriptor
  gate BREAKPOINT, count, GATE_TRAP + DPL3
  gate OVERFLOW, count, GATE_TRAP + DPL3
  gate INVALID_OPCODE, undefined, GATE_INTERRUPT
  gate NOT_PRESENT, fault, GATE_INTERRUPT
  gate STACK_FAULT, fault, GATE_INTERRUPT
  gate PROTECTION, fault, GATE_INTERRUPT
  gate 0x20, count, GATE_INTERRUPT
  gate 0x21, count, GATE_TRAP + DPL3
  gate 0x22, count, GATE_ABSENT + DPL3
  gate 0x23, count, GATE_INTERRUPT, 0
  gate 0x24, count, GATE_INTERRUPT, DATA_CPL0
  gate 0x30, leave, GATE_INTERRUPT + DPL3
  movl $STACK, TSS_ESP0

  // An interrupt gate: interrupts go off in the handler, and are back after it.
  sti
  int $0x20
  cli
  movl handler_flags, %eax
  testl $IF_FLAG, %eax
  movl $1, %ebp
  jnz failed
  movl pushed_flags, %eax
  testl $IF_FLAG, %eax
  movl $2, %ebp
  jz failed
  cmpl $1, count_taken
  movl $3, %ebp
  jne failed
  cmpl $CODE32_CPL0, pushed_selector
  movl $4, %ebp
  jne failed

  // A trap gate leaves them on.
  sti
  int $0x21
  cli
  movl handler_flags, %eax
  testl $IF_FLAG, %eax
  movl $5, %ebp
  jz failed

  // INT3 and INTO.
  int3
  cmpl $3, count_taken
  movl $6, %ebp
  jne failed
  xorl %eax, %eax         // no overflow
  into
  cmpl $3, count_taken
  movl $7, %ebp
  jne failed
  movb $0x7F, %al
  addb $1, %al
  into
  cmpl $4, count_taken
  movl $8, %ebp
  jne failed

  // The flags that IRET brings back.
  pushfl
  orl $AC_FLAG, (%esp)
  pushl $CODE32_CPL0
  pushl $after_iret
  iretl
after_iret:
  pushfl
  popl %eax
  testl $AC_FLAG, %eax
  movl $9, %ebp
  jz failed
  cmpl $0x90000, %esp
  movl $10, %ebp
  jne failed

  // What is refused, at CPL 0.
  movl $1f, resume
  int $0x22               // absent
  movl $11, %ebp
  jmp failed
1:
  cmpl $(0x22 * 8 + 2), fault_code
  movl $12, %ebp
  jne failed
  movl $2f, resume
  int $0x23               // a null selector
  movl $13, %ebp
  jmp failed
2:
  cmpl $0, fault_code
  movl $14, %ebp
  jne failed
  movl $3f, resume
  int $0x24               // a data segment
  movl $15, %ebp
  jmp failed
3:
  cmpl $DATA_CPL0, fault_code
  movl $16, %ebp
  jne failed
  movl $4f, resume
  int $0x7F               // beyond the IDT's limit
  movl $17, %ebp
  jmp failed
4:
  cmpl $(0x7F * 8 + 2), fault_code
  movl $18, %ebp
  jne failed

  // To CPL 3.
  pushl $DATA_CPL3
  pushl $USER_STACK
  pushl $0x3002           // IOPL 3, so that ports are allowed
  pushl $CODE32_CPL3
  pushl $user
  iretl

failed:                   // EBP has the number, 0 for success
  movl %ebp, %eax
  movw $DEBUG_EXIT, %dx
  outb %al, %dx
  cli
  hlt

user:
  movw %cs, %ax
  cmpw $CODE32_CPL3, %ax
  movl $19, %ebp
  jne failed
  cmpl $USER_STACK, %esp
  movl $20, %ebp
  jne failed
  movw %ds, %ax           // DPL 0: not for CPL 3
  cmpw $0, %ax
  movl $21, %ebp
  jne failed
  movw $DATA_CPL3, %ax
  movw %ax, %ds
  movw %ax, %es
  movl $0, count_taken
first_interrupt:
  int $0x21               // on the stack of CPL 0, and back
  cmpl $1, count_taken
  movl $22, %ebp
  jne failed
  cmpl $USER_STACK, %esp
  movl $23, %ebp
  jne failed
  cmpl $CODE32_CPL3, pushed_selector
  movl $24, %ebp
  jne failed
  cmpl $(STACK - 20), handler_stack
  movl $25, %ebp
  jne failed
  movl $5f, resume
  int $0x20               // DPL 0
  movl $26, %ebp
  jmp failed
5:
  cmpl $(0x20 * 8 + 2), fault_code
  movl $27, %ebp
  jne failed
  int $0x30               // to CPL 0 for good

undefined:                // some KVMs make INT at CPL 3 this, and nobody can help
  movl $100, %ebp
  cmpl $first_interrupt, (%esp)
  jne failed
  movl $skip_text, %esi
  call print
  xorl %ebp, %ebp
  jmp failed

leave:
  movw %ss, %ax
  cmpw $DATA_CPL0, %ax
  movl $28, %ebp
  jne failed
  movl $ok_text, %esi
  call print
  xorl %ebp, %ebp
  jmp failed

count:                    // notes what it finds, and returns
  pushl %eax
  pushfl
  popl %eax
  movl %eax, %ss:handler_flags
  movl 8(%esp), %eax
  movl %eax, %ss:pushed_selector
  movl 12(%esp), %eax
  movl %eax, %ss:pushed_flags
  leal 4(%esp), %eax
  movl %eax, %ss:handler_stack
  incl %ss:count_taken
  popl %eax
  iretl

fault:                    // notes the error code, and goes on where it is told to
  popl %ss:fault_code
  pushl %eax
  movl %ss:resume, %eax
  movl %eax, 4(%esp)
  popl %eax
  iretl

#define BITS 32
#include "print.h"

.section .rodata, "a"
ok_text:
  .asciz "ok software interrupts at CPL 0 and 3\n"
skip_text:
  .asciz "ok software interrupts at CPL 0; at CPL 3 the host has none\n"

.section .data.start, "aw"
  .balign 8
idt_descriptor:
  .word 0x40 * 8 - 1
  .long idt

.section .bss.start, "aw", @nobits
  .balign 8
idt:
  .skip 0x40 * 8
handler_flags:
  .skip 4
pushed_flags:
  .skip 4
pushed_selector:
  .skip 4
handler_stack:
  .skip 4
count_taken:
  .skip 4
fault_code:
  .skip 4
resume:
  .skip 4
