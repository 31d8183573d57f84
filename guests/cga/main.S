// A boot sector in a CGA's graphics mode: 320 x 200 pixels of two bits, the even lines at B800:0000 and
// the odd ones 8 KiB behind them.
.code16
.section .text.start, "ax"
.globl start

.set WIDTH, 320
.set HEIGHT, 200
.set ODD_LINES, 0x2000
.set COMBINE, 0x80        // exclusive or, instead of replacing what is there

start:
  cld
  movw $0x0004, %ax       // the mode
  int $0x10
  movw $0x0B00, %ax
  movw $0x0011, %bx       // a blue background, the others bright
  int $0x10
  movw $0x0B00, %ax
  movw $0x0101, %bx       // cyan, magenta, white
  int $0x10

  // Rings: the square of the distance to the middle, but for its lower bits.
  movw $0xB800, %ax
  movw %ax, %es
  xorw %di, %di
  movw $-HEIGHT / 2, %si  // y
line:
  pushw %di
  movw $-WIDTH / 2, %cx   // x
byte:
  movw $4, %bp
pixel:
  movw %si, %ax
  imulw %ax, %ax
  movw %ax, %dx
  movw %cx, %ax
  imulw %ax, %ax
  addw %dx, %ax
  shrw $9, %ax
  andb $3, %al
  shlb $2, %bl
  orb %al, %bl
  incw %cx
  decw %bp
  jnz pixel
  movb %bl, %al
  stosb
  cmpw $WIDTH / 2, %cx
  jne byte
  popw %di
  xorw $ODD_LINES, %di
  testw $ODD_LINES, %di
  jnz 1f
  addw $WIDTH / 4, %di
1:
  incw %si
  cmpw $HEIGHT / 2, %si
  jne line

  // The year of the CGA, on top of them.
  movb $0x02, %ah
  movb $0, %bh
  movw $(12 << 8 | 18), %dx
  int $0x10
  movw $year, %si
  movw $(COMBINE | 3), %bx
next:
  lodsb
  testb %al, %al
  jz done
  movb $0x0E, %ah
  int $0x10
  jmp next
done:
  cli
  hlt

year:
  .asciz "1981"

.org 510
  .byte 0x55, 0xAA
