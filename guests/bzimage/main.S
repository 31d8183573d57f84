// What a Linux kernel image is to its loader: a setup header, a 32-bit and a 64-bit entry. At either
// it prints what it was handed. All of it runs at CPL 0 and is integer code.
//
// "The Linux/x86 Boot Protocol", Documentation/arch/x86/boot.rst in Linux.

// The zero page, by offset.
.set ZP_VIDEO_MODE, 0x006
.set ZP_VIDEO_COLUMNS, 0x007
.set ZP_VIDEO_ROWS, 0x00E
.set ZP_VIDEO_TYPE, 0x00F
.set ZP_VIDEO_POINTS, 0x010
.set ZP_LFB_WIDTH, 0x012
.set ZP_LFB_HEIGHT, 0x014
.set ZP_LFB_DEPTH, 0x016
.set ZP_LFB_BASE, 0x018
.set ZP_LFB_SIZE, 0x01C
.set ZP_LFB_LINE, 0x024
.set ZP_CHANNELS, 0x026         // size and position of red, green, blue
.set ZP_RSDP, 0x070
.set ZP_E820_COUNT, 0x1E8
.set ZP_VERSION, 0x206
.set ZP_LOADER, 0x210
.set ZP_CODE32, 0x214
.set ZP_RAMDISK, 0x218
.set ZP_RAMDISK_SIZE, 0x21C
.set ZP_COMMAND_LINE, 0x228
.set ZP_E820, 0x2D0

.set VIDEO_TYPE_VGA, 1
.set TEXT_MEMORY, 0xB8000

.set KERNEL, 0x1000000          // guest.ld
.set BOOT_CS, 0x10
.set BOOT_DS, 0x18
.set EFER, 0xC0000080
.set CR4_PAE, 0x20
.set LME, 0x100
.set CR0_PG, 0x80000000

.section .setup, "a"
setup:
  .org 0x1F1
  .byte 1                       // setup_sects: two sectors in all
  .word 0                       // root_flags
  .long kernel_paragraphs       // syssize
  .word 0                       // ram_size
  .word 0                       // vid_mode
  .word 0                       // root_dev
  .word 0xAA55                  // boot_flag
  .byte 0xEB, header_end - 0x202
  .ascii "HdrS"
  .word 0x020F                  // version
  .long 0                       // realmode_swtch
  .word 0x1000                  // start_sys_seg
  .word version_text - setup - 0x200 // kernel_version
  .byte 0                       // type_of_loader
  .byte 1                       // loadflags: LOADED_HIGH
  .word 0x8000                  // setup_move_size
  .long 0x100000                // code32_start
  .long 0                       // ramdisk_image
  .long 0                       // ramdisk_size
  .long 0                       // bootsect_kludge
  .word 0                       // heap_end_ptr
  .byte 0, 0                    // ext_loader_ver, ext_loader_type
  .long 0                       // cmd_line_ptr
  .long 0x7FFFFFFF              // initrd_addr_max
  .long 0x200000                // kernel_alignment
  .byte 1                       // relocatable_kernel
  .byte 21                      // min_alignment: 2 MiB
  .word 1                       // xloadflags: XLF_KERNEL_64
  .long 255                     // cmdline_size
  .long 0                       // hardware_subarch
  .quad 0                       // hardware_subarch_data
  .long 0                       // payload_offset
  .long 0                       // payload_length
  .quad 0                       // setup_data
  .quad KERNEL                  // pref_address
  .long init_size
  .long 0                       // handover_offset
  .long 0                       // kernel_info_offset
.set header_end, 0x26C
version_text:
  .asciz "1.0-scanline (a guest that shows what it is handed)"
  .org 0x400

.section .text.start, "ax"
.globl start
.code32
start:                          // the 32-bit entry: ESI is the zero page
  movl $stack_top, %esp
  movw %cs, %ax
  cmpw $BOOT_CS, %ax
  jne wrong
  movw %ds, %ax
  cmpw $BOOT_DS, %ax
  jne wrong
  orl %ebp, %ebx
  orl %edi, %ebx
  jnz wrong                     // the protocol wants all three to be 0
  movl %cr0, %eax
  testl $CR0_PG, %eax
  jnz wrong

  movl $tables + 0x1003, tables // an identity mapping of the first 4 GiB in pages of 2 MiB
  movl $tables + 0x1000, %edi
  movl $tables + 0x2003, %eax
  movl $4, %ecx
1:
  movl %eax, (%edi)
  addl $0x1000, %eax
  addl $8, %edi
  loop 1b
  movl $tables + 0x2000, %edi
  movl $0x83, %eax
  movl $2048, %ecx
1:
  movl %eax, (%edi)
  addl $0x200000, %eax
  addl $8, %edi
  loop 1b
  movl $CR4_PAE, %eax
  movl %eax, %cr4
  movl $tables, %eax
  movl %eax, %cr3
  movl $EFER, %ecx
  rdmsr
  orl $LME, %eax
  wrmsr
  movl %cr0, %eax
  orl $CR0_PG, %eax
  movl %eax, %cr0
  lgdt gdt_descriptor
  ljmpl $8, $from32

wrong:
  movw $0xF4, %dx               // debug exit: status 3
  movb $1, %al
  outb %al, %dx
  hlt

  .org 0x200
.code64
entry64:                        // the 64-bit entry: RSI is the zero page
  leaq stack_top(%rip), %rsp
  movw %cs, %ax
  cmpw $BOOT_CS, %ax
  jne wrong64
  movw %ds, %ax
  cmpw $BOOT_DS, %ax
  jne wrong64
  movq %rsi, %r15
  leaq text_entry64(%rip), %rsi
  jmp report

wrong64:
  movw $0xF4, %dx
  movb $1, %al
  outb %al, %dx
  hlt

from32:
  movl %esi, %r15d
  leaq text_entry32(%rip), %rsi

// A number of the zero page, which is at R15.
.macro field text, load, offset
  leaq \text(%rip), %rsi
  \load \offset(%r15), %eax
  call print_number
.endm

report:                         // R15: the zero page
  cld
  call print

  field text_version, movzwl, ZP_VERSION
  field text_loader, movzbl, ZP_LOADER
  field text_code32, movl, ZP_CODE32
  call end_line

  leaq text_command_line(%rip), %rsi
  call print
  movl ZP_COMMAND_LINE(%r15), %esi
  call print
  call end_line

  field text_initrd, movl, ZP_RAMDISK
  field text_size, movl, ZP_RAMDISK_SIZE
  testl %eax, %eax
  jz 2f
  leaq text_sum(%rip), %rsi     // of all bytes
  movl ZP_RAMDISK(%r15), %ebx
  movl %eax, %ecx
  xorl %eax, %eax
1:
  movzbl (%rbx), %edx
  addl %edx, %eax
  incq %rbx
  loop 1b
  call print_number
2:
  call end_line

  movzbl ZP_E820_COUNT(%r15), %ebp
  leaq ZP_E820(%r15), %rbx
3:
  leaq text_e820(%rip), %rsi
  movq (%rbx), %rax
  call print_number
  leaq text_size(%rip), %rsi
  movq 8(%rbx), %rax
  call print_number
  leaq text_type(%rip), %rsi
  movl 16(%rbx), %eax
  call print_number
  call end_line
  addq $20, %rbx
  decl %ebp
  jnz 3b

  leaq text_rsdp(%rip), %rsi
  movq ZP_RSDP(%r15), %rax
  call print_number
  leaq text_space(%rip), %rsi
  call print
  movq ZP_RSDP(%r15), %rbx
  movl $7, %ebp                 // "RSD PTR"
1:
  movb (%rbx), %al
  call put
  incq %rbx
  decl %ebp
  jnz 1b
  call end_line

  field text_screen, movzbl, ZP_VIDEO_TYPE
  testl %eax, %eax
  jz end
  cmpl $VIDEO_TYPE_VGA, %eax
  je show_text
  field text_width, movzwl, ZP_LFB_WIDTH
  field text_height, movzwl, ZP_LFB_HEIGHT
  field text_depth, movzwl, ZP_LFB_DEPTH
  field text_line, movzwl, ZP_LFB_LINE
  field text_size, movl, ZP_LFB_SIZE

  // Three bands in red, green and blue, as far as pixels have 32 bits.
  cmpw $32, ZP_LFB_DEPTH(%r15)
  jne end
  movl ZP_LFB_BASE(%r15), %edi
  leaq ZP_CHANNELS(%r15), %rbx
  movl $3, %ebp
1:
  movb (%rbx), %cl
  movl $1, %eax
  shll %cl, %eax
  decl %eax
  movb 1(%rbx), %cl
  shll %cl, %eax                // all ones in this colour
  movl %eax, %r8d
  movzwl ZP_LFB_HEIGHT(%r15), %eax
  xorl %edx, %edx
  movl $3, %ecx
  divl %ecx
  movzwl ZP_LFB_LINE(%r15), %ecx
  imull %eax, %ecx
  shrl $2, %ecx
  movl %r8d, %eax
  rep stosl
  addq $2, %rbx
  decl %ebp
  jnz 1b
  jmp end

// The screen's last row, in yellow on blue.
show_text:
  field text_mode, movzbl, ZP_VIDEO_MODE
  field text_columns, movzbl, ZP_VIDEO_COLUMNS
  field text_rows, movzbl, ZP_VIDEO_ROWS
  field text_points, movzwl, ZP_VIDEO_POINTS
  movzbl ZP_VIDEO_ROWS(%r15), %eax
  decl %eax
  movzbl ZP_VIDEO_COLUMNS(%r15), %ecx
  imull %ecx, %eax
  leal TEXT_MEMORY(, %rax, 2), %edi
  movl $0x1E << 8 | '*', %eax
  rep stosw

end:
  call end_line
  cli
  hlt
  jmp end

#define BITS 64
#include "print.h"

.section .rodata, "a"
text_entry64: .asciz "bzImage: 64-bit entry\n"
text_entry32: .asciz "bzImage: 32-bit entry\n"
text_version: .asciz "protocol "
text_loader: .asciz ", loader "
text_code32: .asciz ", code32_start "
text_command_line: .asciz "command line: "
text_initrd: .asciz "initrd: "
text_size: .asciz ", size "
text_sum: .asciz ", sum "
text_e820: .asciz "e820: "
text_type: .asciz ", type "
text_rsdp: .asciz "rsdp: "
text_space: .asciz " "
text_screen: .asciz "screen: type "
text_width: .asciz ", width "
text_height: .asciz ", height "
text_depth: .asciz ", depth "
text_line: .asciz ", line "
text_mode: .asciz ", mode "
text_columns: .asciz ", columns "
text_rows: .asciz ", rows "
text_points: .asciz ", points "

.section .data, "aw"
  .balign 8
gdt:
  .quad 0
  .quad 0x00AF9B000000FFFF      // code, 64-bit
gdt_descriptor:
  .word 15
  .long gdt

.section .bss, "aw", @nobits
  .balign 4096
tables:                         // PML4, PDPT, four page directories
  .skip 6 * 4096
  .skip 4096
stack_top:
