// A kernel that is started by Xen's PVH boot protocol, as ELF files of Linux are. It prints what it
// was handed. 32-bit protected mode without paging, EBX at the start information.
//
// "x86/HVM direct boot ABI", docs/misc/pvh.pandoc in Xen.

// struct hvm_start_info, by offset. Addresses have 64 bits, of which all are below 4 GiB here.
.set MAGIC, 0x336EC578
.set SI_VERSION, 0x04
.set SI_FLAGS, 0x08
.set SI_MODULE_COUNT, 0x0C
.set SI_MODULES, 0x10
.set SI_COMMAND_LINE, 0x18
.set SI_RSDP, 0x20
.set SI_MEMORY_MAP, 0x28
.set SI_MEMORY_MAP_COUNT, 0x30

.set CR0_PE_ET, 0x11

.section .note.pvh, "a", @note
  .balign 4
  .long 4, 4, 18                // XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .long start

.section .text, "ax"
.globl start
start:
  movl $stack_top, %esp
  cld
  movl %cr0, %eax
  cmpl $CR0_PE_ET, %eax
  jne wrong
  movl %cr4, %eax
  testl %eax, %eax
  jnz wrong
  pushfl
  popl %eax
  testl $0x20300, %eax          // VM, IF, TF
  jnz wrong
  cmpl $MAGIC, (%ebx)
  jne wrong

  movl $text_version, %esi
  movl SI_VERSION(%ebx), %eax
  call print_number
  movl $text_flags, %esi
  movl SI_FLAGS(%ebx), %eax
  call print_number
  call end_line

  movl $text_command_line, %esi
  call print
  movl SI_COMMAND_LINE(%ebx), %esi
  call print
  call end_line

  movl SI_MODULES(%ebx), %edi
  movl SI_MODULE_COUNT(%ebx), %ebp
1:
  testl %ebp, %ebp
  jz 3f
  movl $text_module, %esi
  movl (%edi), %eax
  call print_number
  movl $text_size, %esi
  movl 8(%edi), %eax
  call print_number
  movl %eax, %ecx
  movl (%edi), %esi
  xorl %edx, %edx
2:
  movzbl (%esi), %eax
  addl %eax, %edx
  incl %esi
  loop 2b
  movl %edx, %eax
  movl $text_sum, %esi
  call print_number
  call end_line
  addl $32, %edi
  decl %ebp
  jmp 1b
3:

  movl SI_MEMORY_MAP(%ebx), %edi
  movl SI_MEMORY_MAP_COUNT(%ebx), %ebp
1:
  movl $text_memory, %esi
  movl 4(%edi), %eax            // the address, its high half first
  call print_number
  movl $text_colon, %esi
  movl (%edi), %eax
  call print_number
  movl $text_size, %esi
  movl 8(%edi), %eax
  call print_number
  movl $text_type, %esi
  movl 16(%edi), %eax
  call print_number
  call end_line
  addl $24, %edi
  decl %ebp
  jnz 1b

  movl $text_rsdp, %esi
  movl SI_RSDP(%ebx), %eax
  call print_number
  movl $text_space, %esi
  call print
  movl SI_RSDP(%ebx), %edi
  movl $7, %ebp                 // "RSD PTR"
1:
  movb (%edi), %al
  call put
  incl %edi
  decl %ebp
  jnz 1b
  call end_line
halt:
  cli
  hlt
  jmp halt

wrong:
  movw $0xF4, %dx               // debug exit: status 3
  movb $1, %al
  outb %al, %dx
  jmp halt

#define BITS 32
#include "print.h"

.section .rodata, "a"
text_version: .asciz "PVH: version "
text_flags: .asciz ", flags "
text_command_line: .asciz "command line: "
text_module: .asciz "module: "
text_size: .asciz ", size "
text_sum: .asciz ", sum "
text_memory: .asciz "memory: "
text_colon: .asciz ":"
text_type: .asciz ", type "
text_rsdp: .asciz "rsdp: "
text_space: .asciz " "

.section .bss, "aw", @nobits
  .balign 16
  .skip 4096
stack_top:
