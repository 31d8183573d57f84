// Sends every byte that COM1 receives back, entirely by interrupts: IDT, 8259A, IRQ 4, `sti; hlt`.
// Ends through the debug exit, code 0, when the carrier (DCD) drops.
.set CODE64_CPL0, 0x08
.set INTERRUPT_GATE, 0x8E00
.set IRQ_BASE, 0x20       // the vector of IRQ 0
.set VECTOR, IRQ_BASE + 4 // COM1
.set PIC1, 0x20           // commands; its data port is the next
.set PIC2, 0xA0
.set END_OF_INTERRUPT, 0x20
.set RBR, 0x3F8           // received byte; the transmitter when written
.set IER, 0x3F9           // interrupt enable
.set FCR, 0x3FA           // FIFO control
.set MCR, 0x3FC           // modem control
.set LSR, 0x3FD           // line status
.set MSR, 0x3FE           // modem status
.set DR, 0x01             // LSR: a byte has been received
.set THRE, 0x20           // LSR: the transmitter takes a byte
.set DCD, 0x80            // MSR: carrier
.set DEBUG_EXIT, 0xF4

.macro out port, value
  movw $\port, %dx
  movb $\value, %al
  outb %al, %dx
.endm

.section .text.start, "ax"
.globl start
start:
  leaq com1(%rip), %rax
  leaq idt(%rip), %rbx
  movw %ax, (VECTOR * 16)(%rbx)
  movw $CODE64_CPL0, (VECTOR * 16 + 2)(%rbx)
  movw $INTERRUPT_GATE, (VECTOR * 16 + 4)(%rbx)
  shrq $16, %rax
  movw %ax, (VECTOR * 16 + 6)(%rbx)
  lidt idt_descriptor(%rip)

  out PIC1, 0x11          // ICW1: edge-triggered, cascaded, ICW4 follows
  out PIC2, 0x11
  out PIC1 + 1, IRQ_BASE  // ICW2: the vectors
  out PIC2 + 1, IRQ_BASE + 8
  out PIC1 + 1, 0x04      // ICW3: the second PIC is at input 2
  out PIC2 + 1, 0x02
  out PIC1 + 1, 0x01      // ICW4: 8086 mode
  out PIC2 + 1, 0x01
  out PIC1 + 1, 0xEF      // all masked but IRQ 4
  out PIC2 + 1, 0xFF

  out FCR, 0xC1           // FIFOs on, trigger level 14
  out MCR, 0x0B           // DTR, RTS, and OUT2, which connects the interrupt line on a PC
  out IER, 0x09           // received data, modem status
  movw $MSR, %dx          // forget the modem's changes so far
  inb %dx, %al
wait:
  sti
  hlt
  jmp wait

com1:                     // changes RAX, RCX, RDX, which nobody else uses
  movw $MSR, %dx          // the carrier first: what comes between the two reads is still found
  inb %dx, %al
  movb %al, %ch
receive:
  movw $LSR, %dx
  inb %dx, %al
  testb $DR, %al
  jz empty
  movw $RBR, %dx
  inb %dx, %al
  movb %al, %cl
  movw $LSR, %dx
transmit:
  inb %dx, %al
  testb $THRE, %al
  jz transmit
  movb %cl, %al
  movw $RBR, %dx
  outb %al, %dx
  jmp receive
empty:
  testb $DCD, %ch
  jnz end_of_interrupt
  out DEBUG_EXIT, 0
end_of_interrupt:
  out PIC1, END_OF_INTERRUPT
  iretq

.section .rodata, "a"
  .balign 8
idt_descriptor:
  .word (VECTOR + 1) * 16 - 1
  .quad idt

.section .bss, "aw", @nobits
  .balign 16
idt:
  .skip (VECTOR + 1) * 16
