// There is no IDT at entry, so the first exception cannot be delivered, nor can the double fault
// that follows, and the processor shuts down.
.section .text.start, "ax"
.globl start
start:
  ud2
