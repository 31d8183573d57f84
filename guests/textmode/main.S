// A boot sector that draws on the VGA's text screen: 80 x 25 cells at B800:0000, a character and an
// attribute each. The VMM starts it in text mode, as a BIOS would.
.code16
.section .text.start, "ax"
.globl start

.set COLUMNS, 80
.set WHITE_ON_BLUE, 0x1F

start:
  cld
  movw $0xB800, %ax
  movw %ax, %es

  // All of it blue.
  xorw %di, %di
  movw $(WHITE_ON_BLUE << 8 | ' '), %ax
  movw $(COLUMNS * 25), %cx
  rep stosw

  // A frame of double lines around it.
  movw $top, %si
  xorw %di, %di
  call bar
  movw $23, %cx
sides:
  movw $(WHITE_ON_BLUE << 8 | 0xBA), %ax
  stosw
  addw $(2 * (COLUMNS - 2)), %di
  stosw
  loop sides
  call bar

  // What it is.
  movw $title, %si
  movw $(2 * (2 * COLUMNS + 4)), %di
  movb $0x1E, %ah
next:
  lodsb
  testb %al, %al
  jz characters
  stosw
  jmp next

  // The 256 characters, 32 a row.
characters:
  movw $(2 * (5 * COLUMNS + 4)), %di
  movw $(WHITE_ON_BLUE << 8), %ax
  movw $8, %dx
row:
  movw $32, %cx
character:
  stosw
  incb %al
  loop character
  addw $(2 * (COLUMNS - 32)), %di
  decw %dx
  jnz row

  // Each colour on each background that does not blink, and on those that do.
  movw $(2 * (5 * COLUMNS + 42)), %di
  movw $'A', %ax
colors:
  movw $16, %cx
color:
  stosw
  stosw
  incb %ah
  loop color
  addw $(2 * (COLUMNS - 32)), %di
  testb %ah, %ah
  jnz colors

  // The cursor, behind the title, as a block.
  movw $0x3D4, %dx
  movw $((2 * COLUMNS + 4 + title_end - title) & 0xFF) << 8 | 0x0F, %ax
  outw %ax, %dx
  movw $((2 * COLUMNS + 4 + title_end - title) >> 8) << 8 | 0x0E, %ax
  outw %ax, %dx
  movw $0x000A, %ax
  outw %ax, %dx
halt:
  cli
  hlt
  jmp halt

// A line of the frame: its left end, its middle, its right end, at SI; SI moves on.
bar:
  movb $WHITE_ON_BLUE, %ah
  lodsb
  stosw
  lodsb
  movw $(COLUMNS - 2), %cx
  rep stosw
  lodsb
  stosw
  ret

top:
  .byte 0xC9, 0xCD, 0xBB
  .byte 0xC8, 0xCD, 0xBC
title:
  .ascii "Scanline: 80 x 25 characters, drawn by 512 bytes"
title_end:
  .byte 0

.org 510
  .byte 0x55, 0xAA
