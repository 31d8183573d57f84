// Text and numbers on COM1, for guests in assembly. Who includes it, where code may be, defines BITS
// as the mode's, 32 or 64. The registers that a routine changes are named without their width.

#if BITS == 64
#define AX %rax
#define DX %rdx
#define SI %rsi
#define FIRST_DIGIT 60
#else
#define AX %eax
#define DX %edx
#define SI %esi
#define FIRST_DIGIT 28
#endif

// The text at SI, which ends in 0. Changes AX, DX, SI.
print:
  lodsb
  testb %al, %al
  jz 1f
  call put
  jmp print
1:
  ret

// The text at SI, then AX in hexadecimal. Changes CX, DX, SI; AX stays.
print_number:
  push AX
  call print
  movb $'0', %al
  call put
  movb $'x', %al
  call put
  pop AX
  movl $FIRST_DIGIT, %ecx       // skip leading zeros, but not the last digit
1:
  testl %ecx, %ecx
  jz 2f
  mov AX, DX
  shr %cl, DX
  jnz 2f
  subl $4, %ecx
  jmp 1b
2:
  push AX
  shr %cl, AX
  andb $0xF, %al
  addb $'0', %al
  cmpb $'9', %al
  jbe 3f
  addb $('a' - '0' - 10), %al
3:
  call put
  pop AX
  subl $4, %ecx
  jns 2b
  ret

end_line:
  movb $'\n', %al
// AL to COM1. Changes DX.
put:
  push AX
1:
  movw $0x3FD, %dx              // line status: THRE
  inb %dx, %al
  testb $0x20, %al
  jz 1b
  pop AX
  movw $0x3F8, %dx
  outb %al, %dx
  ret
