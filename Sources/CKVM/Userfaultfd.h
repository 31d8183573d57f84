// userfaultfd(2) in write-protect mode: the kernel tells of the first store to a range, and the
// storing thread waits until the range is released.
#ifndef CKVM_USERFAULTFD_H
#define CKVM_USERFAULTFD_H

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Newer than the 6.1 headers that are the oldest supported.
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)  // Linux 6.4
#endif

// Opens a descriptor that also handles faults taken inside the kernel, as KVM's are: by the device
// where it exists, else by the system call, which asks for more privilege.
static inline int ckvm_userfaultfd_open(void) {
  int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
  int fd = -1;
  if (device >= 0) {
    fd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    close(device);
  }
  if (fd < 0) fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

// Write-protects ranges of anonymous memory, untouched pages included.
static inline int ckvm_userfaultfd_enable(int fd) {
  struct uffdio_api api = {
      .api = UFFD_API,
      .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED,
  };
  return ioctl(fd, UFFDIO_API, &api) < 0 ? -errno : 0;
}

static inline int ckvm_userfaultfd_register(int fd, void *_Nonnull start, size_t size) {
  struct uffdio_register request = {
      .range = {.start = (uintptr_t)start, .len = size},
      .mode = UFFDIO_REGISTER_MODE_WP,
  };
  return ioctl(fd, UFFDIO_REGISTER, &request) < 0 ? -errno : 0;
}

// Protects the range, or releases it and wakes whoever waits for it.
static inline int ckvm_userfaultfd_protect(int fd, void *_Nonnull start, size_t size, bool on) {
  struct uffdio_writeprotect request = {
      .range = {.start = (uintptr_t)start, .len = size},
      .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
  };
  return ioctl(fd, UFFDIO_WRITEPROTECT, &request) < 0 ? -errno : 0;
}

// Takes one event off the queue; false if there is none.
static inline bool ckvm_userfaultfd_take_event(int fd) {
  struct uffd_msg event;
  return read(fd, &event, sizeof event) == sizeof event;
}

#endif
