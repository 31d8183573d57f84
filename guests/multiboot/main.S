// A Multiboot 1 kernel that prints what its loader tells it, one line each. Ends with the debug exit:
// 0 if it was entered as the specification says, else 1.
.code32

.set MAGIC, 0x1BADB002
.set FLAGS, 0x7                 // page-aligned modules, memory information, video mode
.section .multiboot, "a"
.balign 4
  .long MAGIC, FLAGS, -(MAGIC + FLAGS)
  .long 0, 0, 0, 0, 0           // no addresses: this is an ELF file
  .long 0, 640, 480, 16         // a linear framebuffer

.macro say text
  .pushsection .rodata, "a"
9:
  .asciz "\text"
  .popsection
  movl $9b, %esi
  call print
.endm

// Prints a label and a word of the boot information in hexadecimal.
.macro field text, offset
  say "\text"
  movl \offset(%ebp), %eax
  call hex
.endm

.text
.globl start
start:
  movl $stack_top, %esp
  cld
  movl %ebx, %ebp               // the boot information
  cmpl $0x2BADB002, %eax
  jne wrong
  pushfl
  popl %eax
  testl $0x200, %eax            // interrupts must be off
  jnz wrong
  movl %cr0, %eax
  andl $0x80000001, %eax        // protected mode, no paging
  cmpl $1, %eax
  jne wrong
  // A20: without it this would be one and the same byte.
  movl $0x100000, %esi
  movl $0x000000, %edi
  movl (%esi), %eax
  notl %eax
  movl %eax, (%edi)
  cmpl (%esi), %eax
  je wrong
  // The segments are as they should be, if they can be loaded again.
  movw %ds, %ax
  movw %ax, %es
  movw %ss, %ax
  movw %ax, %ds

  field "flags ", 0
  field "\nmemory ", 4
  field " ", 8
  say "\nloader "
  movl 64(%ebp), %esi
  call print
  say "\ncommand line "
  movl 16(%ebp), %esi
  call print
  field "\nframebuffer ", 88
  field " pitch ", 96
  field " size ", 100
  field " ", 104
  field " bits, type ", 108
  field " red, green ", 112
  field " blue ", 116

  say "\nsections "
  movl 28(%ebp), %eax
  testl %eax, %eax
  jz no_sections
  // The section of names begins with an empty one, and so tells that it was loaded.
  movl 40(%ebp), %eax
  imull 32(%ebp), %eax
  addl 36(%ebp), %eax
  movl 12(%eax), %esi
  incl %esi
  call print
no_sections:

  testl $8, (%ebp)
  jz map
  movl 24(%ebp), %ebx           // modules
  movl 20(%ebp), %ecx
module:
  testl %ecx, %ecx
  jz map
  say "\nmodule "
  movl 8(%ebx), %esi
  call print
  say " at "
  movl (%ebx), %eax
  call hex
  say " to "
  movl 4(%ebx), %eax
  call hex
  say ": "
  movl (%ebx), %esi
byte:
  cmpl 4(%ebx), %esi
  jae end_of_module
  lodsb
  call put
  jmp byte
end_of_module:
  addl $16, %ebx
  decl %ecx
  jmp module

map:
  movl 48(%ebp), %ebx
  movl %ebx, %edi
  addl 44(%ebp), %edi           // its end
region:
  cmpl %edi, %ebx
  jae done
  say "\nmap "
  movl 8(%ebx), %eax
  call hex
  movl 4(%ebx), %eax
  call hex
  say " "
  movl 16(%ebx), %eax
  call hex
  movl 12(%ebx), %eax
  call hex
  say " "
  movl 20(%ebx), %eax
  call hex
  addl (%ebx), %ebx
  addl $4, %ebx
  jmp region
done:
  say "\n"
  movb $0, %al
  jmp exit
wrong:
  say "entered in another state\n"
  movb $1, %al
exit:
  outb %al, $0xF4
  cli
  hlt
  jmp exit

// Prints the text at ESI up to its NUL.
print:
  lodsb
  testb %al, %al
  jz 1f
  call put
  jmp print
1: ret

// Prints the byte in AL.
put:
  outb %al, $0xE9
  ret

// Prints EAX as eight hexadecimal digits.
hex:
  pushl %ecx
  pushl %edx
  movl $8, %ecx
  movl %eax, %edx
1:
  roll $4, %edx
  movb %dl, %al
  andb $15, %al
  addb $'0', %al
  cmpb $'9', %al
  jbe 2f
  addb $'a' - '9' - 1, %al
2:
  call put
  decl %ecx
  jnz 1b
  popl %edx
  popl %ecx
  ret

.section .bss
.balign 16
  .skip 4096
stack_top:
