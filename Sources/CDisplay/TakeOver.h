// Comparing memory that a guest is writing to, in one pass.
//
// In C for two reasons. A value of such memory must be read exactly once and then both compared and
// stored: `volatile` says that. (`memcmp` does not read once: it may find a difference, read the byte
// again to learn its sign, find it equal by now, and return 0 for bytes that it has never compared.
// Measured with glibc 2.36 and one byte that flickers: up to every eighth call. Some of its variants
// could even crash: glibc bug 29863.) And it stays fast in a build without optimization.
#ifndef CDISPLAY_TAKE_OVER_H
#define CDISPLAY_TAKE_OVER_H

#include <stddef.h>
#include <stdint.h>

// A cache line. Unaligned: lines of pixels begin anywhere.
typedef uint64_t cdisplay_block
    __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint64_t cdisplay_word __attribute__((aligned(1), may_alias));

// From the first byte that changed to the end of the last one; both 0 if none did.
struct cdisplay_change {
  size_t first;
  size_t end;
  // Bytes stored in the shadow.
  size_t copied;
};

// The place of the first and of the last byte that is not 0; the lowest byte is the first.
static inline size_t cdisplay_first_byte(uint64_t difference) {
  return (size_t)__builtin_ctzll(difference) / 8;
}
static inline size_t cdisplay_last_byte(uint64_t difference) {
  return (size_t)(63 - __builtin_clzll(difference)) / 8;
}

// Makes `count` bytes of `shadow` equal to those of `live`, and tells what changed. Reads each byte
// of `live` once; stores the cache lines that differ and no others.
static inline struct cdisplay_change cdisplay_take_over(void *_Nonnull shadow,
                                                        const void *_Nonnull live, size_t count) {
  struct cdisplay_change change = {0, 0, 0};
  unsigned char *target = (unsigned char *)shadow;
  const unsigned char *source = (const unsigned char *)live;
  cdisplay_block last_difference = {0};
  size_t last_block = 0;
  size_t offset = 0;

  for (; count - offset >= sizeof(cdisplay_block); offset += sizeof(cdisplay_block)) {
    cdisplay_block value = *(const volatile cdisplay_block *)(source + offset);
    cdisplay_block difference = value ^ *(const cdisplay_block *)(target + offset);
    if (__builtin_reduce_or(difference) == 0) continue;
    *(cdisplay_block *)(target + offset) = value;
    if (change.copied == 0) {
      size_t word = 0;
      while (difference[word] == 0) word++;
      change.first = offset + 8 * word + cdisplay_first_byte(difference[word]);
    }
    change.copied += sizeof(cdisplay_block);
    last_block = offset;
    last_difference = difference;
  }
  if (change.copied > 0) {
    size_t word = 7;
    while (last_difference[word] == 0) word--;
    change.end = last_block + 8 * word + cdisplay_last_byte(last_difference[word]) + 1;
  }

  while (offset < count) {
    size_t size = count - offset >= 8 ? 8 : 1;
    uint64_t value, difference;
    if (size == 8) {
      value = *(const volatile cdisplay_word *)(source + offset);
      difference = value ^ *(const cdisplay_word *)(target + offset);
      if (difference != 0) *(cdisplay_word *)(target + offset) = value;
    } else {
      value = *(const volatile unsigned char *)(source + offset);
      difference = value ^ target[offset];
      target[offset] = (unsigned char)value;
    }
    if (difference != 0) {
      if (change.copied == 0) change.first = offset + cdisplay_first_byte(difference);
      change.end = offset + cdisplay_last_byte(difference) + 1;
      change.copied += size;
    }
    offset += size;
  }
  return change;
}

#endif
