// A Multiboot 2 kernel that asks for a framebuffer of 800x600x32, finds it in its boot information, and
// draws an evening by the sea into it, a run of pixels at a time. Ends with the debug exit: 0 if it was
// given what it asked for, else 1.
.code32

.set MAGIC, 0xE85250D6
.section .multiboot, "a"
.balign 8
header:
  .long MAGIC, 0, header_end - header, -(MAGIC + header_end - header)
.balign 8
  .word 1, 0                    // information that it needs: memory map, framebuffer
  .long 16, 6, 8
.balign 8
  .word 4, 0                    // console flags: it needs one
  .long 12, 1
.balign 8
  .word 5, 0                    // framebuffer
  .long 20, 800, 600, 32
.balign 8
  .word 6, 0                    // modules on page boundaries
  .long 8
.balign 8
  .word 0, 0                    // end
  .long 8
header_end:

.set HORIZON, 420
.set SUN_X, 520
.set SUN_Y, 330
.set SUN_RADIUS, 70

// A mountain: the line and the column of its peak, columns to each side per line in 256ths, colour.
.section .rodata, "a"
mountains:
  .long 250, 170, 400, 0x4A3560
  .long 290, 330, 330, 0x43305A
  .long 300, 720, 420, 0x43305A
  .long 340, 60, 300, 0x2A2145
  .long 360, 240, 480, 0x241C3E
  .long 370, 690, 520, 0x241C3E
mountains_end:

.text
.globl start
start:
  movl $stack_top, %esp
  cld
  cmpl $0x36D76289, %eax
  jne fail
  // Look through the tags for that of the framebuffer.
  addl $8, %ebx
next_tag:
  movl (%ebx), %eax
  testl %eax, %eax
  jz fail
  cmpl $8, %eax
  je found
  movl 4(%ebx), %ecx
  leal 7(%ebx,%ecx), %ebx
  andl $-8, %ebx
  jmp next_tag
found:
  cmpl $0, 12(%ebx)             // it lies below 4 GiB,
  jne fail
  cmpl $800, 20(%ebx)
  jne fail
  cmpl $600, 24(%ebx)
  jne fail
  cmpw $0x0120, 28(%ebx)        // has 32 bits a pixel, and channels instead of a palette:
  jne fail
  cmpl $0x08080810, 32(%ebx)    // red at 16, 8 bits; green at 8, 8 bits;
  jne fail
  cmpw $0x0800, 36(%ebx)        // blue at 0, 8 bits.
  jne fail
  movl 8(%ebx), %eax
  movl %eax, line_start
  movl 16(%ebx), %eax
  movl %eax, pitch

  xorl %ebp, %ebp               // the line
line:
  cmpl $HORIZON, %ebp
  jae sea

  // The sky: red rises from 24 to 234, green from 32 to 137, blue falls from 96 to about 26.
  movl %ebp, %eax
  shrl $1, %eax
  leal 24(%eax), %ecx
  shll $8, %ecx
  shrl $1, %eax
  leal 32(%eax,%ecx), %ecx
  shll $8, %ecx
  movl %ebp, %eax
  imull $43, %eax
  shrl $8, %eax
  negl %eax
  leal 96(%eax,%ecx), %ecx
  xorl %eax, %eax
  movl $800, %edx
  call run

  // The sun, with its whole width found by trying.
  movl %ebp, %ebx
  subl $SUN_Y, %ebx
  imull %ebx, %ebx
  subl $SUN_RADIUS * SUN_RADIUS, %ebx
  negl %ebx                     // the square of half the width
  jle hills
  xorl %esi, %esi
1:
  incl %esi
  movl %esi, %eax
  imull %eax, %eax
  cmpl %ebx, %eax
  jbe 1b
  movl $SUN_X, %eax
  subl %esi, %eax
  leal SUN_X(%esi), %edx
  movl $0xFFD27A, %ecx
  call run

hills:
  movl $mountains, %esi
1:
  movl %ebp, %ebx
  subl (%esi), %ebx
  jb 2f
  imull 8(%esi), %ebx
  shrl $8, %ebx
  movl 4(%esi), %eax
  movl %eax, %edx
  subl %ebx, %eax
  addl %ebx, %edx
  movl 12(%esi), %ecx
  call run
2:
  addl $16, %esi
  cmpl $mountains_end, %esi
  jb 1b
  jmp next_line

sea:
  // Darker from line to line, with the sun on every third wave.
  movl %ebp, %eax
  subl $HORIZON, %eax
  shrl $1, %eax
  movl $0x78, %ecx
  subl %eax, %ecx
  movl %ecx, %eax
  shrl $1, %eax
  shll $8, %eax
  addl %eax, %ecx
  movl %ecx, %edx
  andl $0xFF00, %edx
  shll $8, %edx
  addl %edx, %ecx
  xorl %eax, %eax
  movl $800, %edx
  call run
  movl %ebp, %eax
  shrl $2, %eax
  xorl %edx, %edx
  movl $3, %ebx
  divl %ebx
  cmpl $1, %edx
  jne next_line
  movl %ebp, %ebx
  subl $HORIZON, %ebx
  shrl $1, %ebx
  addl $20, %ebx
  movl $SUN_X, %eax
  subl %ebx, %eax
  leal SUN_X(%ebx), %edx
  movl $0xE0A060, %ecx
  call run

next_line:
  movl pitch, %eax
  addl %eax, line_start
  incl %ebp
  cmpl $600, %ebp
  jb line

  movb $0, %al
  jmp exit
fail:
  movb $1, %al
exit:
  outb %al, $0xF4
  cli
  hlt
  jmp exit

// Draws the pixels of the line from column EAX up to EDX, clipped, in the colour ECX.
run:
  testl %eax, %eax
  jns 1f
  xorl %eax, %eax
1:
  cmpl $800, %edx
  jle 2f
  movl $800, %edx
2:
  subl %eax, %edx
  jle 3f
  movl line_start, %edi
  leal (%edi,%eax,4), %edi
  movl %ecx, %eax
  movl %edx, %ecx
  rep stosl
3: ret

.section .bss
.balign 16
line_start: .skip 4
pitch: .skip 4
.balign 16
  .skip 4096
stack_top:
