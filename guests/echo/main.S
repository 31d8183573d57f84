// Sends every byte that COM1 receives back. Ends at Ctrl-D, or when the host's input has ended (the
// carrier, DCD, has dropped) and nothing is left to read. The FIFO control register is left alone:
// switching the FIFOs on would throw away what was received before this guest ran.
.set RBR, 0x3F8           // received byte; the transmitter when written
.set LSR, 0x3FD           // line status
.set MSR, 0x3FE           // modem status
.set DR, 0x01             // LSR: a byte has been received
.set THRE, 0x20           // LSR: the transmitter takes a byte
.set DCD, 0x80            // MSR: carrier
.set END_OF_TRANSMISSION, 0x04

.section .text.start, "ax"
.globl start
start:
receive:
  movw $MSR, %dx          // the carrier first: a byte that arrives between the two reads is
  inb %dx, %al            // then still found before the guest believes that there is no more
  movb %al, %bl
  movw $LSR, %dx
  inb %dx, %al
  testb $DR, %al
  jnz echo
  testb $DCD, %bl
  jz done
  pause
  jmp receive

echo:
  movw $RBR, %dx
  inb %dx, %al
  cmpb $END_OF_TRANSMISSION, %al
  je done
  movb %al, %cl
  movw $LSR, %dx
wait:
  inb %dx, %al
  testb $THRE, %al
  jz wait
  movb %cl, %al
  movw $RBR, %dx
  outb %al, %dx
  jmp receive

done:
  cli
  hlt
  jmp done
