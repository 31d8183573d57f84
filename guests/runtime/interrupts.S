// Handlers of the vectors from 0x20 on. Each counts in its CPU's page of counters, ends the
// interrupt where `interrupt_ends` says, and returns.
//
// The counters begin the page that the CPL 0 stack is at the end of: a CPU finds its own by RSP.
#include "selectors.h"

.set PIC1, 0x20           // commands
.set PIC2, 0xA0
.set PIC_EOI, 0x20        // OCW2: non-specific end of interrupt
.set APIC_EOI, 0xFEE000B0
.set END_AT_PIC1, 1       // Interrupts.End
.set END_AT_PIC2, 2
.set END_AT_APIC, 3

.set VECTOR, 0x18         // offsets in the handler's frame
.set CS, 0x28
.set RFLAGS, 0x30
.set IF_BIT, 9

.section .text.interrupts, "ax"
.globl interrupt_stubs
  .balign 16
interrupt_stubs:          // 16 bytes each
.set vector, FIRST_INTERRUPT
.rept 0x100 - FIRST_INTERRUPT
  pushq $vector
  jmp interrupt
  .balign 16
.set vector, vector + 1
.endr

interrupt:
  pushq %rax
  pushq %rcx
  pushq %rdx
  movq VECTOR(%rsp), %rcx
  movq %rsp, %rax
  andq $-4096, %rax
  incl (%rax,%rcx,4)
  leaq interrupt_ends(%rip), %rax
  movzbl (%rax,%rcx), %ecx
  cmpl $END_AT_PIC2, %ecx
  jb end_at_pic1
  ja end_at_apic
  movb $PIC_EOI, %al
  movw $PIC2, %dx
  outb %al, %dx
end_at_pic1:
  testl %ecx, %ecx
  jz ended
  movb $PIC_EOI, %al
  movw $PIC1, %dx
  outb %al, %dx
  jmp ended
end_at_apic:
  movl $APIC_EOI, %eax
  movl $0, (%rax)
ended:
  testb $3, CS(%rsp)      // at CPL 0 only the service that waits lets interrupts in, and only one
  jnz 1f
  btrq $IF_BIT, RFLAGS(%rsp)
1:
  popq %rdx
  popq %rcx
  popq %rax
  addq $8, %rsp           // the vector
  iretq

.section .bss.interrupts, "aw", @nobits
.globl interrupt_ends
interrupt_ends:           // one Interrupts.End for each vector
  .skip 256
