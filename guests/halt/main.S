// The orderly ending: interrupts off, processor halted, nothing that could ever wake it.
.section .text.start, "ax"
.globl start
start:
  cli
  hlt
  jmp start
