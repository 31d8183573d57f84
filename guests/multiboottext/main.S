// A Multiboot 1 kernel like many a first one: it asks for no video mode and writes to the screen in text
// mode. Ends with the debug exit: 0 if it found a screen of 80 x 25 characters and a PC's BIOS data area
// that agrees, else 1.
.code32

.set MAGIC, 0x1BADB002
.set FLAGS, 0x2                 // memory information
.section .multiboot, "a"
.balign 4
  .long MAGIC, FLAGS, -(MAGIC + FLAGS)

.set COLUMNS, 80
.set ROW, 11
.set ATTRIBUTE, 0x1E            // yellow on blue

.text
.globl start
start:
  movl $stack_top, %esp
  cld
  testl $1 << 12, (%ebx)        // is there a screen?
  jz wrong
  cmpb $2, 109(%ebx)            // of characters?
  jne wrong
  cmpl $COLUMNS, 100(%ebx)
  jne wrong
  cmpl $25, 104(%ebx)
  jne wrong
  cmpw $COLUMNS, 0x44A          // the same in the BIOS data area
  jne wrong
  cmpw $0x3D4, 0x463
  jne wrong
  movzwl 0x413, %eax            // the end of conventional memory
  cmpl %eax, 4(%ebx)
  jne wrong

  movl 88(%ebx), %edi           // the screen
  movl 96(%ebx), %eax           // bytes in a row
  imull $ROW, %eax
  leal COLUMNS - (text_end - text)(%edi, %eax), %edi
  movl $text, %esi
  movl $text_end - text, %ecx
  movb $ATTRIBUTE, %ah
1:
  lodsb
  stosw
  loop 1b

  // The cursor follows the text.
  subl 88(%ebx), %edi
  shrl $1, %edi
  movw $0x3D4, %dx
  movl %edi, %eax
  movb %ah, %cl
  movb %al, %ah
  movb $0x0F, %al
  outw %ax, %dx
  movb %cl, %ah
  movb $0x0E, %al
  outw %ax, %dx
  movb $0, %al
  jmp exit
wrong:
  movb $1, %al
exit:
  outb %al, $0xF4
  cli
  hlt
  jmp exit

.section .rodata
text:
  .ascii " A kernel in text mode. "
text_end:

.section .bss
.balign 16
  .skip 256
stack_top:
