// A boot sector that shows a plasma in mode 13h: 320 x 200 pixels, a byte each, at A000:0000. It
// programs the VGA's registers itself, draws once, and then moves only the palette, in step with the
// retrace.
.code16
.section .text.start, "ax"
.globl start

.set WIDTH, 320
.set HEIGHT, 200
.set FRAMES, 8
.set WAVE, 0x1000                 // 256 bytes: one period

start:
  cld
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es

  // Mode 13h. The palette of the attribute controller stays: pixels go past it.
  movw $0x3C2, %dx
  movb $0x63, %al
  outb %al, %dx
  movw $sequencer, %si
  movw $0x3C4, %dx
  movw $4, %cx
  call words
  movb $0xD4, %dl
  movw $14, %cx
  call words
  movb $0xCE, %dl
  movw $2, %cx
  call words
  movb $0xDA, %dl
  inb %dx, %al                    // the next write of 0x3C0 is an index
  movb $0xC0, %dl
  movw $3, %cx
attribute:
  lodsb
  outb %al, %dx
  loop attribute

  // A wave of two parabolas: i (128 - i) / 64, up and then down.
  movw $WAVE, %di
  xorw %cx, %cx
wave:
  movb %cl, %al
  andb $0x7F, %al
  movb $128, %ah
  subb %al, %ah
  mulb %ah
  shrw $6, %ax
  testb $0x80, %cl
  jz store
  negb %al
store:
  stosb
  incb %cl
  jnz wave

  // The plasma: wave(x) + wave(2y) + wave(x + y) at each pixel.
  movw $0xA000, %ax
  movw %ax, %es
  xorw %di, %di
  movw $WAVE, %bx
  xorw %dx, %dx                   // y
line:
  xorw %cx, %cx                   // x
pixel:
  movb %cl, %al
  xlatb
  movb %al, %ah
  movb %dl, %al
  addb %al, %al
  xlatb
  addb %al, %ah
  movb %cl, %al
  addb %dl, %al
  xlatb
  addb %ah, %al
  stosb
  incw %cx
  cmpw $WIDTH, %cx
  jne pixel
  incw %dx
  cmpw $HEIGHT, %dx
  jne line

  // The palette, one further in each frame: three waves of brightness, a third of a turn apart.
  xorw %si, %si                   // frame
frame:
  movw $0x3DA, %dx
displayed:
  inb %dx, %al
  testb $8, %al
  jnz displayed
retrace:
  inb %dx, %al
  testb $8, %al
  jz retrace
  movw $0x3C8, %dx
  xorw %ax, %ax
  outb %al, %dx
  incw %dx
  movw $256, %cx
  movw %si, %di
color:
  movw %di, %ax
  call component
  movw %di, %ax
  addb $85, %al
  call component
  movw %di, %ax
  addb $170, %al
  call component
  incw %di
  loop color
  incw %si
  cmpw $FRAMES, %si
  jne frame
halt:
  cli
  hlt
  jmp halt

// Sends |AL - 128| / 2, at most 63, to port DX.
component:
  subb $128, %al
  jns positive
  negb %al
positive:
  shrb %al
  cmpb $63, %al
  jbe send
  movb $63, %al
send:
  outb %al, %dx
  ret

// Sends CX words from SI to the index and data ports from DX.
words:
  lodsw
  outw %ax, %dx
  loop words
  ret

sequencer:
  .byte 0x01, 0x01, 0x02, 0x0F, 0x03, 0x00, 0x04, 0x0E
crtc:
  .byte 0x11, 0x0E                // unlocks 0 to 7
  .byte 0x00, 0x5F, 0x01, 0x4F, 0x04, 0x54, 0x05, 0x80, 0x06, 0xBF, 0x07, 0x1F, 0x09, 0x41
  .byte 0x0C, 0x00, 0x0D, 0x00, 0x12, 0x8F, 0x13, 0x28, 0x14, 0x40, 0x17, 0xA3
graphics:
  .byte 0x05, 0x40, 0x06, 0x05
attributes:
  .byte 0x10, 0x41, 0x20          // the last is the index alone: the picture is on

.org 510
  .byte 0x55, 0xAA
