// What the entry state of guests/README.md gives the runtime's CPL 0 code.
#define CODE64_CPL0 0x08
#define DATA_CPL3 0x23
#define CODE64_CPL3 0x2B
#define INTERRUPT_GATE 0x8E00      // present, DPL 0, 64-bit interrupt gate
#define STACK_TOP_CPL3 0x8F000     // below RSP0's own page, in the initial stack
