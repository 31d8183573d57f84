// Snake in a boot sector: mode 13h, a field of 40 x 25 cells of 8 x 8 pixels. An arrow turns the snake
// and moves it by a cell, Space lets it run by itself and stops it, Escape ends the game.
//
// A cell is known by the offset of its first pixel, and what is in it by the colour of its pixels, so
// that the screen is the only map. The food is where a fixed sequence of numbers puts it.
.code16
.section .text.start, "ax"
.globl start

.set COLUMNS, 40
.set ROWS, 25
.set RIGHT, 8                // to the cell beside
.set DOWN, 8 * 320           // to the cell below
.set WALL, 0x18
.set BODY, 0x2F
.set FOOD, 0x28

// Variables, behind the boot sector.
.set direction, 0x7E00       // RIGHT, DOWN, or one of them negative
.set head, 0x7E02            // offsets in the ring of the snake's cells
.set tail, 0x7E04
.set length, 0x7E06
.set seed, 0x7E08
.set running, 0x7E0A
.set ring, 0x8000
.set RING_MASK, 0x7FF        // 1024 cells are more than the field has

start:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %ss
  movw $0x7C00, %sp
  cld
  movw %ax, head
  movw %ax, tail
  movw %ax, length
  movb %al, running
  movw $1, seed
  movw $RIGHT, direction
  movw $0x0013, %ax
  int $0x10
  movw $0xA000, %ax
  movw %ax, %es

  movb $WALL, %al
  xorw %di, %di
  movw $COLUMNS, %cx
1:
  call block
  addw $((ROWS - 1) * DOWN), %di
  call block
  subw $((ROWS - 1) * DOWN - RIGHT), %di
  loop 1b
  xorw %di, %di
  movb $ROWS, %cl
2:
  call block
  addw $((COLUMNS - 1) * RIGHT), %di
  call block
  addw $(DOWN - (COLUMNS - 1) * RIGHT), %di
  loop 2b

  movw $(12 * DOWN + 18 * RIGHT), %di
  movb $3, %cl
3:
  call grow
  addw $RIGHT, %di
  loop 3b
  call place

next:
  cmpb $0, running
  je wait
  hlt                        // until the next tick, or a key
  movb $0x01, %ah
  int $0x16
  jnz wait
  testb $1, 0x46C            // a step every other tick
  jnz next
  call step
4:
  hlt
  testb $1, 0x46C
  jz 4b
  jmp next

wait:
  movb $0x00, %ah
  int $0x16
  cmpb $0x1B, %al
  je end
  cmpb $' ', %al
  jne 5f
  xorb $1, running
  jmp next
5:
  movw $RIGHT, %bx
  cmpb $0x4D, %ah
  je turn
  negw %bx
  cmpb $0x4B, %ah
  je turn
  movw $DOWN, %bx
  cmpb $0x50, %ah
  je turn
  negw %bx
  cmpb $0x48, %ah
  jne next
turn:
  movw %bx, direction
  call step
  jmp next

// Moves the snake by a cell.
step:
  movw head, %si
  movw ring(%si), %di
  addw direction, %di
  movb %es:321(%di), %al
  testb %al, %al
  jz 6f
  cmpb $FOOD, %al
  jne dead
  call grow
  // Falls through.

// Puts food into an empty cell.
place:
  movw seed, %ax
  movw $25173, %cx
  mulw %cx
  addw $13849, %ax
  movw %ax, seed
  movw %ax, %di
  movb %ah, %al
  xorb %ah, %ah
  movb $ROWS, %cl
  divb %cl
  movb %ah, %al
  xorb %ah, %ah
  movw $DOWN, %cx
  mulw %cx
  xchgw %ax, %di
  xorb %ah, %ah
  movb $COLUMNS, %cl
  divb %cl
  movb %ah, %al
  movb $RIGHT, %cl
  mulb %cl
  addw %ax, %di
  cmpb $0, %es:321(%di)
  jne place
  movb $FOOD, %al
  jmp block

6:
  movw tail, %si
  pushw %di
  movw ring(%si), %di
  addw $2, %si
  andw $RING_MASK, %si
  movw %si, tail
  decw length
  call block                 // AL is 0
  popw %di

// Makes the cell DI the snake's head.
grow:
  incw length
  movw head, %si
  addw $2, %si
  andw $RING_MASK, %si
  movw %si, head
  movw %di, ring(%si)
  cmpw $1, length
  jne 7f
  movw %si, tail
7:
  movb $BODY, %al

// Fills the cell DI with the colour AL, but for a dark seam.
block:
  pusha
  addw $321, %di
  movw $7, %dx
8:
  movw $7, %cx
  rep stosb
  addw $(320 - 7), %di
  decw %dx
  jnz 8b
  popa
  ret

dead:
  movw $text, %si
  movw $0x000F, %bx
9:
  lodsb
  movb $0x0E, %ah
  int $0x10
  testb %al, %al
  jnz 9b
  movw length, %ax
  movb $100, %cl
  divb %cl
  call digit
  movb $10, %cl
  movb %ah, %al
  xorb %ah, %ah
  divb %cl
  call digit
  movb %ah, %al
  call digit
  movb $0x00, %ah
  int $0x16
end:
  int $0x19

digit:
  pushw %ax
  addb $'0', %al
  movb $0x0E, %ah
  int $0x10
  popw %ax
  ret

text:
  .asciz "Length "

.org 510
  .byte 0x55, 0xAA
