// A valid instruction that KVM cannot execute: an x87 load whose operand is where no memory is. Any
// such access must be emulated, KVM's emulator has no x87 loads, and at CPL 0 it therefore gives up
// (KVM_EXIT_INTERNAL_ERROR, suberror KVM_INTERNAL_ERROR_EMULATION), on every host.
.set NO_MEMORY, 0xD0000000

.section .text.start, "ax"
.globl start
start:
  movl $NO_MEMORY, %eax
  fldl (%rax)
  cli
  hlt
