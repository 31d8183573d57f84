// The exit loop of the C reference VMM, in a header so that a benchmark can run it in its own
// process on its own vCPU, beside the loop it measures.
#ifndef REFERENCE_LOOP_H
#define REFERENCE_LOOP_H

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// How the loop enters the guest. Define it before including this header to measure the loop alone.
#ifndef REFERENCE_KVM_RUN
#define REFERENCE_KVM_RUN(vcpu, run) ((void)(run), ioctl((vcpu), KVM_RUN, 0))
#endif

enum {
  REFERENCE_COM1 = 0x3F8,
  REFERENCE_COM1_LSR = 0x3FD,
  REFERENCE_LSR_EMPTY = 0x60,  // THRE | TEMT: the transmitter is always ready
  REFERENCE_DEBUG_EXIT = 0xF4,
  REFERENCE_FAILURE = 70,      // EX_SOFTWARE, the status of an ending that is not the guest's own
};

// The transmit side of COM1, flushed at each newline, when full and at the end.
struct reference_serial {
  int fd;
  size_t used;
  char text[4096];
};

static inline void reference_flush(struct reference_serial *serial) {
  for (size_t done = 0; done < serial->used;) {
    ssize_t count = write(serial->fd, serial->text + done, serial->used - done);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) done += (size_t)count;
  }
  serial->used = 0;
}

static inline void reference_transmit(struct reference_serial *serial, char byte) {
  serial->text[serial->used++] = byte;
  if (byte == '\n' || serial->used == sizeof serial->text) reference_flush(serial);
}

// Runs the vCPU until its guest ends. Returns 0 for `hlt`, (v << 1) | 1 for a byte v written to
// port 0xF4, and REFERENCE_FAILURE for every other exit; run->exit_reason then says which.
static inline int reference_loop(int vcpu, struct kvm_run *run, struct reference_serial *serial) {
  int status = REFERENCE_FAILURE;
  for (;;) {
    if (REFERENCE_KVM_RUN(vcpu, run) < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      break;
    }
    if (run->exit_reason == KVM_EXIT_IO) {
      uint8_t *data = (uint8_t *)run + run->io.data_offset;
      size_t size = (size_t)run->io.size * run->io.count;
      if (run->io.direction == KVM_EXIT_IO_IN) {
        memset(data, run->io.port == REFERENCE_COM1_LSR ? REFERENCE_LSR_EMPTY : 0xFF, size);
      } else if (run->io.port == REFERENCE_COM1) {
        for (size_t i = 0; i < size; i += run->io.size) reference_transmit(serial, (char)data[i]);
      } else if (run->io.port == REFERENCE_DEBUG_EXIT) {
        status = ((data[0] << 1) | 1) & 0xFF;
        break;
      }
    } else if (run->exit_reason == KVM_EXIT_MMIO) {
      if (!run->mmio.is_write) memset(run->mmio.data, 0xFF, sizeof run->mmio.data);
    } else if (run->exit_reason == KVM_EXIT_HLT) {
      status = 0;
      break;
    } else {
      break;
    }
  }
  reference_flush(serial);
  return status;
}

#endif
