// The machine as a guest sees it: the boot-information block and the instructions that Swift has no
// words for. guests/README.md defines both.
#ifndef GUEST_H
#define GUEST_H

#include "selectors.h"

#include <stddef.h>
#include <stdint.h>

struct BootInfo {
  uint32_t magic;
  uint16_t version;
  uint16_t size;
  uint64_t memorySize;
  uint64_t framebufferAddress;
  uint32_t width;
  uint32_t height;
  uint32_t stride;
  uint32_t bitsPerPixel;
  uint64_t videoMemorySize;
  uint8_t redPosition, redSize;
  uint8_t greenPosition, greenSize;
  uint8_t bluePosition, blueSize;
  uint16_t reserved0;
  uint32_t cpuCount;
  uint32_t commandLineLength;
  uint64_t commandLineAddress;
  uint64_t memorySizeBelow4GiB;
  uint64_t memorySizeFrom4GiB;
  uint64_t rsdpAddress;
};
_Static_assert(sizeof(struct BootInfo) == 0x60, "the block's fixed part is 0x60 bytes");

static inline uint8_t portRead8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint16_t portRead16(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline uint32_t portRead32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline void portWrite8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void portWrite16(uint16_t port, uint16_t value) {
  __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void portWrite32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline void portWriteBytes(uint16_t port, const uint8_t *_Nonnull bytes, size_t count) {
  __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
}

static inline void portReadBytes(uint16_t port, uint8_t *_Nonnull bytes, size_t count) {
  __asm__ volatile("rep insb" : "+D"(bytes), "+c"(count) : "d"(port) : "memory");
}

// Plain moves of exactly this width, which any emulator of device memory understands.
static inline uint32_t memoryRead32(uint64_t address) {
  uint32_t value;
  __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static inline void memoryWrite32(uint64_t address, uint32_t value) {
  __asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

static inline uint8_t memoryRead8(uint64_t address) {
  uint8_t value;
  __asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(address) : "memory");
  return value;
}

static inline void memoryWrite8(uint64_t address, uint8_t value) {
  __asm__ volatile("movb %0, (%1)" : : "q"(value), "r"(address) : "memory");
}

static inline uint16_t memoryRead16(uint64_t address) {
  uint16_t value;
  __asm__ volatile("movw (%1), %0" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static inline void memoryWrite16(uint64_t address, uint16_t value) {
  __asm__ volatile("movw %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

static inline uint64_t memoryRead64(uint64_t address) {
  uint64_t value;
  __asm__ volatile("movq (%1), %0" : "=r"(value) : "r"(address) : "memory");
  return value;
}

static inline void memoryWrite64(uint64_t address, uint64_t value) {
  __asm__ volatile("movq %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

// What several CPUs do to one word at a time. Each returns what was there before.
static inline uint32_t atomicAdd32(uint64_t address, uint32_t value) {
  __asm__ volatile("lock xaddl %0, (%1)" : "+r"(value) : "r"(address) : "memory");
  return value;
}

static inline uint32_t atomicExchange32(uint64_t address, uint32_t value) {
  __asm__ volatile("xchgl %0, (%1)" : "+r"(value) : "r"(address) : "memory");
  return value;
}

static inline uint32_t atomicCompareExchange32(uint64_t address, uint32_t expected,
                                               uint32_t desired) {
  __asm__ volatile("lock cmpxchgl %2, (%1)"
                   : "+a"(expected) : "r"(address), "r"(desired) : "memory");
  return expected;
}

struct CPUIDLeaf {
  uint32_t eax, ebx, ecx, edx;
};

static inline struct CPUIDLeaf cpuid(uint32_t leaf, uint32_t subleaf) {
  struct CPUIDLeaf result;
  __asm__ volatile("cpuid"
                   : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                   : "a"(leaf), "c"(subleaf));
  return result;
}

static inline uint64_t timeStampCounter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static inline void relax(void) { __asm__ volatile("pause"); }

// Has CPL 0 do what CPL 3 may not (supervisor.S).
enum SupervisorService {
  supervisorSetInterrupts = 0,    // lets interrupts in, or not: argument 1 or 0
  supervisorWait = 1,             // halts until one interrupt has been taken
  supervisorReadMSR = 2,          // of the number `argument`
  supervisorWriteMSR = 3,         // the number `argument`, to `value`
};
uint64_t supervisor_call(uint64_t service, uint64_t argument, uint64_t value);

// The addresses of what is defined in assembly, as numbers; Swift has no incomplete arrays.
extern uint8_t idt[], interrupt_stubs[], interrupt_ends[];
extern uint8_t processor_trampoline[], processor_trampoline_end[];
static inline uint64_t idtAddress(void) { return (uint64_t)idt; }
static inline uint64_t interruptStubsAddress(void) { return (uint64_t)interrupt_stubs; }
static inline uint64_t interruptEndsAddress(void) { return (uint64_t)interrupt_ends; }
static inline uint64_t trampolineSource(void) { return (uint64_t)processor_trampoline; }
static inline uint64_t trampolineSize(void) {
  return (uint64_t)(processor_trampoline_end - processor_trampoline);
}

// What the other CPUs run.
typedef void (*ProcessorBody)(uint32_t index);
extern ProcessorBody _Nonnull processor_body;
static inline void setProcessorBody(ProcessorBody _Nonnull body) { processor_body = body; }

#endif
