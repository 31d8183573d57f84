// A boot sector: 512 bytes at 0000:7C00, real mode, segments 0, SP = 0x7C00.
.code16
.section .text.start, "ax"
.globl start
start:
  cld
  movw $message, %si
next:
  movw $0x3FD, %dx        // COM1 line status
wait:
  inb %dx, %al
  testb $0x20, %al        // THRE: the transmitter takes a byte
  jz wait
  lodsb
  testb %al, %al
  jz done
  movw $0x3F8, %dx
  outb %al, %dx
  jmp next
done:
  cli
  hlt
  jmp done

message:
  .asciz "Hello from 16-bit real mode\n"

.org 510
  .byte 0x55, 0xAA
