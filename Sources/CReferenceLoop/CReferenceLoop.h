// The C reference VMM's exit loop, for a benchmark that runs it in its own process: on a real vCPU,
// or on a page where a stub plays KVM_RUN.
#ifndef C_REFERENCE_LOOP_H
#define C_REFERENCE_LOOP_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

// The descriptor that makes the loop run the stub.
enum { REFERENCE_STUBBED_VCPU = -1 };

// What the stub needs behind the page that the loop sees.
struct reference_stub {
  struct kvm_run run;
  uint8_t data[8];
  uint64_t remaining;
};

// Prepares `count` exits by an `out` of one byte to `port`, and `hlt` after them.
static inline void reference_stub_prepare(struct reference_stub *_Nonnull stub, uint16_t port,
                                          uint64_t count) {
  stub->run.io.direction = KVM_EXIT_IO_OUT;
  stub->run.io.size = 1;
  stub->run.io.port = port;
  stub->run.io.count = 1;
  stub->run.io.data_offset = offsetof(struct reference_stub, data);
  stub->remaining = count;
}

// The stub of KVM_RUN. A call, as ioctl(2) is one, after which the compiler must assume that the
// page has changed.
__attribute__((noinline)) static int reference_stub_run(struct kvm_run *_Nonnull run) {
  struct reference_stub *stub = (struct reference_stub *)run;
  run->exit_reason = stub->remaining-- ? KVM_EXIT_IO : KVM_EXIT_HLT;
  __asm__ volatile("" ::: "memory");
  return 0;
}

#define REFERENCE_KVM_RUN(vcpu, run) \
  ((vcpu) == REFERENCE_STUBBED_VCPU ? reference_stub_run(run) : ioctl((vcpu), KVM_RUN, 0))
#include "../../scripts/benchmarks/reference-loop.h"

#endif
