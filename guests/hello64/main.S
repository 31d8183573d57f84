// 64-bit long mode, identity-mapped. Loaded and entered at 0x100000.
.section .text.start, "ax"
.globl start
start:
  cld
  leaq message(%rip), %rsi
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

.section .rodata, "a"
message:
  .asciz "Hello from 64-bit long mode\n"
