// A DOS program (.COM): prints with INT 21h, and its arguments, and ends with code 7.
.code16
.section .text.start, "ax"
.globl start
start:
  movw $message, %dx
  movb $0x09, %ah           // prints up to a $
  int $0x21
  movw $0x81, %si           // the command line, behind its length
next:
  lodsb
  cmpb $'\r', %al
  je done
  movb %al, %dl
  movb $0x02, %ah
  int $0x21
  jmp next
done:
  movw $0x4C07, %ax
  int $0x21

message:
  .ascii "Hello from a .COM:$"
