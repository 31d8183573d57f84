// Reads all of COM1's input into memory from 2 MiB on, and prints how many bytes they were, in 16
// hexadecimal digits, when the carrier (DCD) has dropped and nothing is left. With the FIFO's
// trigger level at 14 "data available" means 14 bytes, which `rep insb` reads at once; the character
// time-out is for the rest.
.set BUFFER, 0x200000
.set RBR, 0x3F8           // received byte; the transmitter when written
.set IIR, 0x3FA           // interrupt identification; FIFO control when written
.set IER, 0x3F9           // interrupt enable
.set LSR, 0x3FD           // line status
.set MSR, 0x3FE           // modem status
.set RECEIVED_DATA, 0x04  // IIR: as many bytes as the trigger level says
.set TIME_OUT, 0x0C       // IIR: fewer, and no more to come for now
.set REASON, 0x0F         // IIR: the bits that tell
.set FIFOS_TRIGGER_14, 0xC1
.set TRIGGER, 14
.set DR, 0x01             // LSR: a byte has been received
.set THRE, 0x20           // LSR: the transmitter takes a byte
.set DCD, 0x80            // MSR: carrier

.section .text.start, "ax"
.globl start
start:
  cld
  movl $BUFFER, %edi
  movw $IIR, %dx
  movb $FIFOS_TRIGGER_14, %al
  outb %al, %dx
  movw $IER, %dx          // IIR tells only of interrupts that are enabled; they go nowhere, IF is 0
  movb $0x01, %al
  outb %al, %dx

poll:
  movw $IIR, %dx
  inb %dx, %al
  andb $REASON, %al
  cmpb $RECEIVED_DATA, %al
  je burst
  cmpb $TIME_OUT, %al
  je drain
  movw $MSR, %dx          // the carrier first: what comes between the two reads is still found
  inb %dx, %al
  testb $DCD, %al
  jnz poll
  movw $LSR, %dx
  inb %dx, %al
  testb $DR, %al
  jz done
  jmp drain_one

burst:
  movw $RBR, %dx
  movl $TRIGGER, %ecx
  rep insb
  jmp poll

drain:
  movw $LSR, %dx
  inb %dx, %al
  testb $DR, %al
  jz poll
drain_one:
  movw $RBR, %dx
  insb
  jmp drain

done:
  subq $BUFFER, %rdi
  movl $16, %ebp
digit:
  movw $LSR, %dx
wait:
  inb %dx, %al
  testb $THRE, %al
  jz wait
  rolq $4, %rdi
  movl %edi, %ebx
  andl $0xF, %ebx
  leaq digits(%rip), %rsi
  movb (%rsi,%rbx), %al
  movw $RBR, %dx
  outb %al, %dx
  decl %ebp
  jnz digit
  movb $'\n', %al
  outb %al, %dx
halt:
  cli
  hlt
  jmp halt

.section .rodata, "a"
digits:
  .ascii "0123456789abcdef"
