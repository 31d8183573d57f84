// A boot sector as they are written everywhere: it prints with INT 10h, one call a character, and
// halts.
.code16
.section .text.start, "ax"
.globl start
start:
  xorw %ax, %ax
  movw %ax, %ds
  cld
  movw $message, %si
next:
  lodsb
  testb %al, %al
  jz done
  movb $0x0E, %ah           // teletype
  movw $0x0007, %bx
  int $0x10
  jmp next
done:
  cli
  hlt
  jmp done

message:
  .asciz "Hello from the BIOS\r\n"

.org 510
  .byte 0x55, 0xAA
