// What Swift at CPL 3 asks of CPL 0: `supervisor_call(service, argument, value)` of guest.h.
//
// The way in is `ud2`, the one software entry to CPL 0 that works on every host: `int n` and
// `syscall` are not delivered by all. To the compiler it is a call, after which RAX, RCX, RDX, RSI,
// RDI and R8 to R11 may hold anything.
.set RIP, 0x00            // offsets in the exception's frame
.set RFLAGS, 0x10
.set IF_BIT, 9

.section .text.supervisor_call, "ax"
.globl supervisor_call
supervisor_call:
  ud2
  ret

// On the stack the frame of #UD; RDI, RSI and RDX as they were at the `ud2`.
.section .text.supervisor_service, "ax"
.globl supervisor_service
supervisor_service:
  addq $2, RIP(%rsp)      // go on after the `ud2`
  cmpl $1, %edi
  jb set_interrupts
  je wait
  movl %esi, %ecx
  cmpl $3, %edi
  je write_msr

  rdmsr
  shlq $32, %rdx
  orq %rdx, %rax
  iretq

write_msr:
  movl %edx, %eax
  shrq $32, %rdx
  wrmsr
  iretq

set_interrupts:
  btrq $IF_BIT, RFLAGS(%rsp)
  testl %esi, %esi
  jz 1f
  btsq $IF_BIT, RFLAGS(%rsp)
1:
  iretq

// Between `sti` and `hlt` no interrupt is taken: one that is pending ends the halt and is not lost.
// The interrupt's handler returns with interrupts off (interrupts.S), so that it is exactly one.
wait:
  sti
  hlt
  iretq
