// What the entry state of guests/README.md gives the runtime's CPL 0 code.
#define CODE64_CPL0 0x08
#define DATA_CPL0 0x10
#define CODE32_CPL0 0x18
#define DATA_CPL3 0x23
#define CODE64_CPL3 0x2B
#define TSS_SELECTOR 0x38
#define GDT 0x1000
#define GDT_SIZE 0x48

// What the runtime adds.
#define INTERRUPT_GATE 0x8E00      // present, DPL 0, 64-bit interrupt gate
#define IDT_SIZE 4096              // 256 gates
#define FIRST_INTERRUPT 0x20       // the vectors below are exceptions
#define COUNTERS 0x8F000           // interrupts of the first CPU; the page of its RSP0
#define STACK_TOP_CPL3 0x8F000     // below that page, in the initial stack

// What the other CPUs need: a trampoline where a SIPI can start them, and an area each.
#define TRAMPOLINE 0x8000
#define AREAS 0x200000
#define AREA_SHIFT 14
#define AREA_GDT 0x0000            // a GDT of its own, because a TSS is busy on one CPU
#define AREA_GDT_DESCRIPTOR 0x0050
#define AREA_TSS 0x0100            // with no I/O bitmap: ports are for the first CPU
#define AREA_COUNTERS 0x1000
#define AREA_RSP0 0x2000           // the end of the counters' page
#define AREA_TOP 0x4000            // of the stack at CPL 3
