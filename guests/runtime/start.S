// Entry of the Embedded Swift guests: set-up at CPL 0, then Swift at CPL 3.
//
// Only assembly runs at CPL 0, and it uses nothing but integer instructions: some hosts emulate
// CPL 0. Swift runs at CPL 3, native everywhere, with SSE; the TSS's I/O bitmap gives it every
// port. The IDT has one gate, for #UD; Interrupts.swift fills in more.
#include "selectors.h"

.set INVALID_OPCODE, 6    // the vector of #UD
.set COM1, 0x3F8
.set COM1_LSR, 0x3FD
.set LSR_THRE, 0x20       // the transmitter takes a byte
.set DEBUG_EXIT, 0xF4
.set TRAP_CODE, 127       // written to DEBUG_EXIT: exit status 255

.section .text.start, "ax"
.globl start
start:                    // RDI: boot information, kept for guest_main
  leaq invalid_opcode(%rip), %rax
  leaq idt(%rip), %rbx
  movw %ax, (INVALID_OPCODE * 16)(%rbx)
  movl $(INTERRUPT_GATE << 16 | CODE64_CPL0), %ecx
  movw %cx, (INVALID_OPCODE * 16 + 2)(%rbx)
  movl %eax, %edx
  andl $0xFFFF0000, %edx
  shrl $16, %ecx
  orl %ecx, %edx
  movl %edx, (INVALID_OPCODE * 16 + 4)(%rbx)
  lidt idt_descriptor(%rip)

  pushq $DATA_CPL3
  pushq $STACK_TOP_CPL3
  pushq $2                // RFLAGS: interrupts off
  pushq $CODE64_CPL3
  leaq user(%rip), %rax
  pushq %rax
  iretq

user:                     // CPL 3
  call guest_main
guest_end:
  ud2                     // back to CPL 0, where `hlt` is allowed

// #UD, at CPL 0 on the TSS's RSP0. At supervisor_call it asks for a service (supervisor.S), at
// guest_end it is the guest's orderly end; everywhere else it is a failed check in Swift code, and
// must not be mistaken for one of those.
invalid_opcode:
  leaq supervisor_call(%rip), %rax
  cmpq %rax, (%rsp)
  je supervisor_service
  leaq guest_end(%rip), %rax
  cmpq %rax, (%rsp)
  jne trap
halt:
  cli
  hlt
  jmp halt

trap:                     // print "trap at " and the address in 16 hexadecimal digits
  cld
  leaq trap_message(%rip), %rsi
trap_text:
  lodsb
  testb %al, %al
  jz trap_address
  call put
  jmp trap_text
trap_address:
  movq (%rsp), %rbx
  movl $16, %ebp
trap_digit:
  rolq $4, %rbx
  movl %ebx, %eax
  andl $0xF, %eax
  leaq digits(%rip), %rsi
  movb (%rsi,%rax), %al
  call put
  decl %ebp
  jnz trap_digit
  movb $'\n', %al
  call put
  movb $TRAP_CODE, %al
  movw $DEBUG_EXIT, %dx
  outb %al, %dx
  jmp halt

put:                      // AL to COM1; changes RCX and RDX
  movb %al, %cl
  movw $COM1_LSR, %dx
1:
  inb %dx, %al
  testb $LSR_THRE, %al
  jz 1b
  movb %cl, %al
  movw $COM1, %dx
  outb %al, %dx
  ret

.section .rodata.start, "a"
trap_message:
  .asciz "guest: trap at 0x"
digits:
  .ascii "0123456789abcdef"
  .balign 8
.globl idt_descriptor
idt_descriptor:
  .word IDT_SIZE - 1
  .quad idt

.section .bss.start, "aw", @nobits
  .balign 16
.globl idt
idt:
  .skip IDT_SIZE
