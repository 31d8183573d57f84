// Writes 1 MiB to COM1: 16384 numbered lines of 64 bytes, sixteen bytes (the
// transmit FIFO) at a time.
.set LINES, 16384
.set DIGITS, 7            // of the number that each line starts with
.set FIFO_SIZE, 16
.set THR, 0x3F8           // transmitter
.set FCR, 0x3FA           // FIFO control
.set LSR, 0x3FD           // line status
.set THRE, 0x20           // LSR: the transmit FIFO is empty

.section .text.start, "ax"
.globl start
start:
  cld
  movw $FCR, %dx
  movb $0x01, %al         // FIFOs on
  outb %al, %dx
  movl $LINES, %ebx

write_line:
  leaq line(%rip), %rsi
  leaq line_end(%rip), %rdi
write_burst:
  movw $LSR, %dx
wait:
  inb %dx, %al
  testb $THRE, %al
  jz wait
  movl $FIFO_SIZE, %ecx
  movw $THR, %dx
  rep outsb
  cmpq %rdi, %rsi
  jne write_burst

  leaq (line + DIGITS - 1)(%rip), %rdi
increment:                // the decimal number at the line's start
  incb (%rdi)
  cmpb $'9', (%rdi)
  jbe incremented
  movb $'0', (%rdi)
  decq %rdi
  jmp increment
incremented:
  decl %ebx
  jnz write_line

done:
  cli
  hlt
  jmp done

.section .data, "aw"
line:
  .ascii "0000000 ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz .\n"
line_end:
