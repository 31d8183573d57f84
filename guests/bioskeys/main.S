// A boot sector that waits for keys with INT 16h and prints the scan code and the character of each
// in hexadecimal; Escape ends it.
.code16
.section .text.start, "ax"
.globl start
start:
  xorw %ax, %ax
  movw %ax, %ds
  movb $'?', %al
  call print
next:
  movb $0x10, %ah           // waits for a key
  int $0x16
  cmpb $0x1B, %al
  je done
  call word
  movb $'\n', %al
  call print
  jmp next
done:
  cli
  hlt
  jmp done

// Prints AX, four digits.
word:
  movw $4, %cx
1:
  rolw $4, %ax
  pushw %ax
  andb $0x0F, %al
  addb $'0', %al
  cmpb $'9', %al
  jbe 2f
  addb $7, %al
2:
  call print
  popw %ax
  loop 1b
  ret

print:
  movb $0x0E, %ah
  movw $0x0007, %bx
  int $0x10
  ret

.org 510
  .byte 0x55, 0xAA
