// Starts every other CPU by INIT, SIPI, SIPI; each counts itself and halts. When all have, prints how
// many there are, in decimal, and halts, too.
.set BOOT_INFO_CPUS, 0x38 // number of CPUs in the boot-information block
.set TRAMPOLINE, 0x8000   // where the other CPUs begin, in real mode: SIPI vector 0x08
.set COUNTER, 0x7000      // a 32-bit word: CPUs that have started
.set APIC, 0xFEE00000
.set APIC_SVR, 0xF0       // spurious vector; bit 8 enables the APIC
.set APIC_ICR, 0x300      // interrupt command
.set DELIVERING, 0x1000   // ICR: not yet accepted
.set INIT_ALL_OTHERS, 0xC4500
.set SIPI_ALL_OTHERS, 0xC4600 | TRAMPOLINE >> 12
.set THR, 0x3F8           // transmitter
.set LSR, 0x3FD           // line status
.set THRE, 0x20           // LSR: the transmitter takes a byte

.section .text.start, "ax"
.globl start
start:
  cld
  movl BOOT_INFO_CPUS(%rdi), %r12d
  movl $1, COUNTER        // this one
  leaq trampoline(%rip), %rsi
  movl $TRAMPOLINE, %edi
  movl $(trampoline_end - trampoline), %ecx
  rep movsb

  movl $APIC, %ebx
  movl $0x1FF, APIC_SVR(%rbx)
  movl $INIT_ALL_OTHERS, %eax
  call command
  movl $SIPI_ALL_OTHERS, %eax
  call command
  movl $SIPI_ALL_OTHERS, %eax
  call command
wait_for_all:
  pause
  cmpl %r12d, COUNTER
  jne wait_for_all

  movl %r12d, %eax        // 1 to 254 in decimal
  leaq text_end(%rip), %rsi
  movl $10, %ecx
digit:
  xorl %edx, %edx
  divl %ecx
  addb $'0', %dl
  decq %rsi
  movb %dl, (%rsi)
  testl %eax, %eax
  jnz digit
print:
  movw $LSR, %dx
wait:
  inb %dx, %al
  testb $THRE, %al
  jz wait
  lodsb
  testb %al, %al
  jz halt
  movw $THR, %dx
  outb %al, %dx
  jmp print
halt:
  cli
  hlt
  jmp halt

command:                  // EAX to the interrupt command register
  movl %eax, APIC_ICR(%rbx)
1:
  movl APIC_ICR(%rbx), %eax
  testl $DELIVERING, %eax
  jnz 1b
  ret

.code16
trampoline:
  cli
  lock incl COUNTER
1:
  hlt
  jmp 1b
trampoline_end:

.section .data, "aw"
  .skip 3                 // the digits
text_end:
  .asciz " CPUs\n"
