// The first and only program of the tiny Linux: prints a line and ends the machine. Its argument, what
// follows `--` in the kernel's command line, chooses how: "restart", "halt", "exit", which a kernel
// takes for a reason to panic, or by default power off.
.set SYS_WRITE, 1
.set SYS_EXIT, 60
.set SYS_REBOOT, 169
.set STANDARD_OUTPUT, 1
.set LINUX_REBOOT_MAGIC1, 0xFEE1DEAD
.set LINUX_REBOOT_MAGIC2, 672274793
.set LINUX_REBOOT_CMD_RESTART, 0x01234567
.set LINUX_REBOOT_CMD_HALT, 0xCDEF0123
.set LINUX_REBOOT_CMD_POWER_OFF, 0x4321FEDC

.globl _start
_start:
  movl $SYS_WRITE, %eax
  movl $STANDARD_OUTPUT, %edi
  leaq text(%rip), %rsi
  movl $text_end - text, %edx
  syscall

  movl $LINUX_REBOOT_CMD_POWER_OFF, %edx
  movq 16(%rsp), %rax           // argv[1]
  testq %rax, %rax
  jz 1f
  cmpb $'e', (%rax)
  je exit
  movl $LINUX_REBOOT_CMD_RESTART, %ecx
  cmpb $'r', (%rax)
  cmovel %ecx, %edx
  movl $LINUX_REBOOT_CMD_HALT, %ecx
  cmpb $'h', (%rax)
  cmovel %ecx, %edx
1:
  movl $SYS_REBOOT, %eax
  movl $LINUX_REBOOT_MAGIC1, %edi
  movl $LINUX_REBOOT_MAGIC2, %esi
  syscall
exit:
  movl $SYS_EXIT, %eax
  movl $7, %edi
  syscall

text:
  .ascii "tiny-linux: this is user space\n"
text_end:
