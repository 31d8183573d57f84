// How another CPU comes from its SIPI, in real mode, to Swift at CPL 3. Processors.swift has copied
// the trampoline to low memory, and laid out an area for each CPU (selectors.h).
#include "selectors.h"

.set APIC_ID, 0xFEE00020
.set EFER, 0xC0000080
.set EFER_LME, 0x100
.set CR0_PE, 0x11         // PE, ET
.set CR0_LONG, 0x80010033 // the entry state's CR0, CR4 and page tables, see guests/README.md
.set CR4_LONG, 0x620
.set PAGE_TABLES, 0x10000
.set SUPERVISOR_WAIT, 1   // guest.h

.macro in_trampoline name, label
  .set \name, TRAMPOLINE + \label - processor_trampoline
.endm

.section .text.processors, "ax"
.globl processor_trampoline, processor_trampoline_end
.code16
processor_trampoline:     // CS:IP = TRAMPOLINE / 16 : 0
  cli
  xorw %ax, %ax
  movw %ax, %ds
  in_trampoline GDT_DESCRIPTOR, gdt_descriptor
  lgdtl GDT_DESCRIPTOR
  movl $CR0_PE, %eax
  movl %eax, %cr0
  in_trampoline PROTECTED, protected
  ljmpl $CODE32_CPL0, $PROTECTED
.code32
protected:
  movw $DATA_CPL0, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movl $CR4_LONG, %eax
  movl %eax, %cr4
  movl $PAGE_TABLES, %eax
  movl %eax, %cr3
  movl $EFER, %ecx
  rdmsr
  orl $EFER_LME, %eax
  wrmsr
  movl $CR0_LONG, %eax
  movl %eax, %cr0
  ljmpl $CODE64_CPL0, $long_mode
  .balign 8
gdt_descriptor:
  .word GDT_SIZE - 1
  .long GDT
processor_trampoline_end:

.code64
long_mode:
  movl $APIC_ID, %eax
  movl (%rax), %edi
  shrl $24, %edi          // the CPU's number, for its body
  movl %edi, %ebx
  shll $AREA_SHIFT, %ebx
  addl $AREAS, %ebx
  leaq AREA_TOP(%rbx), %rsp
  lgdt AREA_GDT_DESCRIPTOR(%rbx)
  movw $TSS_SELECTOR, %ax
  ltr %ax
  lidt idt_descriptor(%rip)

  leaq AREA_TOP(%rbx), %rax
  pushq $DATA_CPL3
  pushq %rax              // the frame is read before this stack is used at CPL 3
  pushq $2                // RFLAGS: interrupts off
  pushq $CODE64_CPL3
  leaq processor_user(%rip), %rax
  pushq %rax
  iretq

processor_user:           // CPL 3
  call *processor_body(%rip)
1:
  movl $SUPERVISOR_WAIT, %edi
  call supervisor_call
  jmp 1b

.section .bss.processors, "aw", @nobits
  .balign 8
.globl processor_body
processor_body:
  .skip 8
