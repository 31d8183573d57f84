// The functions that the compiler calls on its own.
.section .text.memset, "ax"
.globl memset
memset:
  movq %rdi, %r8
  movl %esi, %eax
  movq %rdx, %rcx
  rep stosb
  movq %r8, %rax
  ret

.section .text.memcpy, "ax"
.globl memcpy
memcpy:
  movq %rdi, %rax
  movq %rdx, %rcx
  rep movsb
  ret

.section .text.memmove, "ax"
.globl memmove
memmove:
  movq %rdi, %rax
  movq %rdx, %rcx
  movq %rdi, %r8
  subq %rsi, %r8          // unsigned: less than the length only if the destination begins inside
  cmpq %rdx, %r8          // the source, and then the copy must go downwards
  jb 1f
  rep movsb
  ret
1:
  leaq -1(%rdi,%rdx), %rdi
  leaq -1(%rsi,%rdx), %rsi
  std
  rep movsb
  cld
  ret

.section .text.sqrtf, "ax"
.globl sqrtf
sqrtf:
  sqrtss %xmm0, %xmm0
  ret
