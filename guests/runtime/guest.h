// The machine as a guest sees it: the boot-information block and the instructions that Swift has no
// words for. guests/README.md defines both.
#ifndef GUEST_H
#define GUEST_H

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

static inline void portWriteBytes(uint16_t port, const uint8_t *_Nonnull bytes, size_t count) {
  __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
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

static inline uint64_t timeStampCounter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static inline void relax(void) { __asm__ volatile("pause"); }

#endif
