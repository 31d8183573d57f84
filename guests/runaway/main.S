// Never exits. Only a signal to the vCPU thread gets it out of KVM_RUN.
.section .text.start, "ax"
.globl start
start:
  jmp start
