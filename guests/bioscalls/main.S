// A floppy of 1.44 MB whose boot sector reads the rest of its program from the disk, by cylinder, head
// and sector, and checks the BIOS services that programs use most. It prints `ok` or `FAIL` and a
// letter for each, and ends through the debug exit: code 0 if all held.
.code16
.section .text.start, "ax"
.globl start

.set STAGE2, 0x7E00
.set SECTORS, 8
.set DEBUG_EXIT, 0xF4

start:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw $0x7C00, %sp
  cld
  movb %dl, drive
  movw $(0x0200 | SECTORS), %ax
  movw $0x0002, %cx         // cylinder 0, sector 2
  movb $0, %dh
  movw $STAGE2, %bx
  int $0x13
  jc broken
  ljmp $0, $STAGE2
broken:
  movw $0x0E00 | '!', %ax
  int $0x10
  movb $1, %al
  outb %al, $DEBUG_EXIT
  hlt

drive: .byte 0

.org 510
  .byte 0x55, 0xAA

// From here on it has been read from the disk.
stage2:
  // A: the floppy is drive 0, has 80 cylinders, 2 heads and 18 sectors.
  movb $'A', %bl
  cmpb $0, drive
  jne 1f
  pushw %bx
  movb $0x08, %ah
  movb $0, %dl
  int $0x13
  popw %bx
  jc 1f
  cmpw $0x4F12, %cx
  jne 1f
  cmpb $1, %dh
1: call check

  // B: beyond the end of the disk there is no sector.
  pushw %ds
  popw %es
  movw $0x0201, %ax
  movw $0x5001, %cx         // cylinder 80
  movw $0x0000, %dx
  movw $0x9000, %bx
  int $0x13
  movb $'B', %bl
  movb $0, %al
  adcb %ah, %al             // the error, and the carry flag
  cmpb $0x05, %al
  call check

  // C: what is written can be read.
  movw $0x1234, 0x9000
  movw $0x0301, %ax
  movw $0x4F12, %cx         // the last sector of all
  movw $0x0100, %dx
  movw $0x9000, %bx
  int $0x13
  movw $0x0000, 0x9000
  movw $0x0201, %ax
  int $0x13
  movb $'C', %bl
  cmpw $0x1234, 0x9000
  call check

  // D: conventional memory ends below the extended BIOS data area.
  int $0x12
  movb $'D', %bl
  cmpw $639, %ax
  call check

  // E: the memory map has its first entry, and says that there is a next one.
  movl $0xE820, %eax
  movl $0x534D4150, %edx
  xorl %ebx, %ebx
  movl $20, %ecx
  movw $0x9000, %di
  int $0x15
  jc 3f
  cmpl $0x534D4150, %eax
  jne 3f
  cmpl $1, %ebx
  jne 3f
  cmpl $0x9FC00, 0x9008
3: movb $'E', %bl
  call check

  // F: the tick counter moves.
  movb $0x00, %ah
  int $0x1A
  movw %dx, %si
4: hlt
  movb $0x00, %ah
  int $0x1A
  cmpw %dx, %si
  je 4b
  movb $'F', %bl
  cmpw %ax, %ax
  call check

  // G: the cursor goes where it is sent.
  movb $0x03, %ah
  movb $0, %bh
  int $0x10
  pushw %dx
  movb $0x02, %ah
  movw $0x0A14, %dx
  movb $0, %bh
  int $0x10
  movb $0x03, %ah
  int $0x10
  movw %dx, %si
  popw %dx
  movb $0x02, %ah
  int $0x10
  movb $'G', %bl
  cmpw $0x0A14, %si
  call check

  // H: a mode of VBE has a linear framebuffer, and can be set.
  movw $0x4F01, %ax
  movw $0x0143, %cx         // 800x600x32
  movw $0x9000, %di
  int $0x10
  movb $'H', %bl
  cmpw $0x004F, %ax
  jne 5f
  cmpl $0xE0000000, 0x9028
  jne 5f
  movw $0x4F02, %ax
  movw $0x4143, %bx
  int $0x10
  movw $0x0003, %ax
  int $0x10
  movb $'H', %bl
  cmpb $3, 0x449
5: call check

  // I: a wait takes its time, and interrupts go on.
  movl 0x46C, %esi
  movw $0x8600, %ax
  movw $0x0003, %cx         // 200 ms
  movw $0x0D40, %dx
  int $0x15
  movl 0x46C, %eax
  subl %esi, %eax
  movb $'I', %bl
  cmpl $2, %eax
  jb 6f
  cmpw %ax, %ax
6: call check

  // J: a block moves to beyond 1 MiB and back.
  movl $0xCAFEF00D, 0x9000
  movl $0x00200000, %eax
  movl $0x00009000, %edx
  call move
  movl $0, 0x9000
  movl $0x00009000, %eax
  movl $0x00200000, %edx
  call move
  movb $'J', %bl
  cmpl $0xCAFEF00D, 0x9000
  call check

  // K: what does not exist says so.
  movw $0xEEEE, %ax
  int $0x15
  movb $'K', %bl
  movb $0, %al
  adcb %ah, %al
  cmpb $0x87, %al
  call check

  // L: the clock's date is in this century.
  movb $0x04, %ah
  int $0x1A
  movb $'L', %bl
  jc 9f
  cmpb $0x20, %ch
9: call check

  movb failures, %al
  outb %al, $DEBUG_EXIT
  hlt

// Moves two words from the physical address EDX to EAX, with INT 15h AH=87h.
move:
  movl %eax, target + 2
  movb $0x93, target + 5
  movl %edx, source + 2
  movb $0x93, source + 5
  movw $table, %si
  movw $2, %cx
  movb $0x87, %ah
  int $0x15
  ret

// Prints the letter in BL, and whether the zero flag is set.
check:
  movw $good, %si
  jz 1f
  movb $1, failures
  movw $bad, %si
1: lodsb
  testb %al, %al
  jz 2f
  call print
  jmp 1b
2: movb %bl, %al
  call print
  movb $'\n', %al
print:
  pushw %bx
  movb $0x0E, %ah
  movw $0x0007, %bx
  int $0x10
  popw %bx
  ret

good: .asciz "ok "
bad: .asciz "FAIL "
failures: .byte 0
table: .fill 16, 1, 0
source: .word 0xFFFF
  .fill 6, 1, 0
target: .word 0xFFFF
  .fill 6, 1, 0
  .fill 16, 1, 0

.org 1474560 - 1
  .byte 0
