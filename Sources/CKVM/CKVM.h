// The kernel's KVM interface, in a shape that Swift can import.
//
// Swift imports neither function-like macros (_IO, _IOW ...), nor flexible array members, nor
// variadic functions. This header gives the request numbers of <linux/kvm.h> as an enumeration and
// wraps the rest in inline functions, so no number is ever typed by hand.
#ifndef CKVM_H
#define CKVM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

// Newer than the 6.1 headers that are the oldest supported.
#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT 39  // Linux 6.8
#endif
#ifndef KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP
#define KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP 225  // Linux 6.2
#endif
#ifndef KVM_CAP_COUNTER_OFFSET
#define KVM_CAP_COUNTER_OFFSET 227  // Linux 6.4
#endif
#ifndef KVM_CAP_USER_MEMORY2
#define KVM_CAP_USER_MEMORY2 231  // Linux 6.8
#endif
#ifndef KVM_CAP_MEMORY_FAULT_INFO
#define KVM_CAP_MEMORY_FAULT_INFO 232  // Linux 6.8
#endif
#ifndef KVM_CAP_MEMORY_ATTRIBUTES
#define KVM_CAP_MEMORY_ATTRIBUTES 233  // Linux 6.8
#endif
#ifndef KVM_CAP_GUEST_MEMFD
#define KVM_CAP_GUEST_MEMFD 234  // Linux 6.8
#endif
#ifndef KVM_CAP_VM_TYPES
#define KVM_CAP_VM_TYPES 235  // Linux 6.8
#endif
#ifndef KVM_CAP_PRE_FAULT_MEMORY
#define KVM_CAP_PRE_FAULT_MEMORY 236  // Linux 6.11
#endif
#ifndef KVM_CAP_X86_APIC_BUS_CYCLES_NS
#define KVM_CAP_X86_APIC_BUS_CYCLES_NS 237  // Linux 6.11
#endif
#ifndef KVM_CAP_X86_GUEST_MODE
#define KVM_CAP_X86_GUEST_MODE 238  // Linux 6.11
#endif

// Request numbers: the second argument of ioctl(2).
enum : unsigned long {
  CKVM_GET_API_VERSION = KVM_GET_API_VERSION,
  CKVM_CREATE_VM = KVM_CREATE_VM,
  CKVM_GET_MSR_INDEX_LIST = KVM_GET_MSR_INDEX_LIST,
  CKVM_GET_MSR_FEATURE_INDEX_LIST = KVM_GET_MSR_FEATURE_INDEX_LIST,
  CKVM_CHECK_EXTENSION = KVM_CHECK_EXTENSION,
  CKVM_GET_VCPU_MMAP_SIZE = KVM_GET_VCPU_MMAP_SIZE,
  CKVM_GET_SUPPORTED_CPUID = KVM_GET_SUPPORTED_CPUID,
  CKVM_GET_EMULATED_CPUID = KVM_GET_EMULATED_CPUID,

  CKVM_CREATE_VCPU = KVM_CREATE_VCPU,
  CKVM_GET_DIRTY_LOG = KVM_GET_DIRTY_LOG,
  CKVM_CLEAR_DIRTY_LOG = KVM_CLEAR_DIRTY_LOG,
  CKVM_RESET_DIRTY_RINGS = KVM_RESET_DIRTY_RINGS,
  CKVM_SET_USER_MEMORY_REGION = KVM_SET_USER_MEMORY_REGION,
  CKVM_SET_TSS_ADDR = KVM_SET_TSS_ADDR,
  CKVM_SET_IDENTITY_MAP_ADDR = KVM_SET_IDENTITY_MAP_ADDR,
  CKVM_SET_BOOT_CPU_ID = KVM_SET_BOOT_CPU_ID,
  CKVM_CREATE_IRQCHIP = KVM_CREATE_IRQCHIP,
  CKVM_GET_IRQCHIP = KVM_GET_IRQCHIP,
  CKVM_SET_IRQCHIP = KVM_SET_IRQCHIP,
  CKVM_CREATE_PIT2 = KVM_CREATE_PIT2,
  CKVM_GET_PIT2 = KVM_GET_PIT2,
  CKVM_SET_PIT2 = KVM_SET_PIT2,
  CKVM_REINJECT_CONTROL = KVM_REINJECT_CONTROL,
  CKVM_IRQ_LINE = KVM_IRQ_LINE,
  CKVM_IRQ_LINE_STATUS = KVM_IRQ_LINE_STATUS,
  CKVM_SIGNAL_MSI = KVM_SIGNAL_MSI,
  CKVM_SET_GSI_ROUTING = KVM_SET_GSI_ROUTING,
  CKVM_IRQFD = KVM_IRQFD,
  CKVM_IOEVENTFD = KVM_IOEVENTFD,
  CKVM_REGISTER_COALESCED_MMIO = KVM_REGISTER_COALESCED_MMIO,
  CKVM_UNREGISTER_COALESCED_MMIO = KVM_UNREGISTER_COALESCED_MMIO,
  CKVM_GET_CLOCK = KVM_GET_CLOCK,
  CKVM_SET_CLOCK = KVM_SET_CLOCK,
  CKVM_X86_SET_MSR_FILTER = KVM_X86_SET_MSR_FILTER,
  CKVM_ENABLE_CAP = KVM_ENABLE_CAP,
  CKVM_GET_STATS_FD = KVM_GET_STATS_FD,

  CKVM_RUN = KVM_RUN,
  CKVM_GET_REGS = KVM_GET_REGS,
  CKVM_SET_REGS = KVM_SET_REGS,
  CKVM_GET_SREGS = KVM_GET_SREGS,
  CKVM_SET_SREGS = KVM_SET_SREGS,
  CKVM_TRANSLATE = KVM_TRANSLATE,
  CKVM_INTERRUPT = KVM_INTERRUPT,
  CKVM_NMI = KVM_NMI,
  CKVM_GET_MSRS = KVM_GET_MSRS,
  CKVM_SET_MSRS = KVM_SET_MSRS,
  CKVM_SET_CPUID2 = KVM_SET_CPUID2,
  CKVM_GET_CPUID2 = KVM_GET_CPUID2,
  CKVM_SET_SIGNAL_MASK = KVM_SET_SIGNAL_MASK,
  CKVM_GET_FPU = KVM_GET_FPU,
  CKVM_SET_FPU = KVM_SET_FPU,
  CKVM_GET_XSAVE = KVM_GET_XSAVE,
  CKVM_GET_XSAVE2 = KVM_GET_XSAVE2,
  CKVM_SET_XSAVE = KVM_SET_XSAVE,
  CKVM_GET_XCRS = KVM_GET_XCRS,
  CKVM_SET_XCRS = KVM_SET_XCRS,
  CKVM_GET_DEBUGREGS = KVM_GET_DEBUGREGS,
  CKVM_SET_DEBUGREGS = KVM_SET_DEBUGREGS,
  CKVM_GET_VCPU_EVENTS = KVM_GET_VCPU_EVENTS,
  CKVM_SET_VCPU_EVENTS = KVM_SET_VCPU_EVENTS,
  CKVM_GET_MP_STATE = KVM_GET_MP_STATE,
  CKVM_SET_MP_STATE = KVM_SET_MP_STATE,
  CKVM_GET_LAPIC = KVM_GET_LAPIC,
  CKVM_SET_LAPIC = KVM_SET_LAPIC,
  CKVM_SET_GUEST_DEBUG = KVM_SET_GUEST_DEBUG,
  CKVM_GET_TSC_KHZ = KVM_GET_TSC_KHZ,
  CKVM_SET_TSC_KHZ = KVM_SET_TSC_KHZ,
};

// Flags that Swift does not import, because they are built from enumerators or _BITUL.
enum : uint32_t {
  CKVM_IOEVENTFD_DATAMATCH = KVM_IOEVENTFD_FLAG_DATAMATCH,
  CKVM_IOEVENTFD_PIO = KVM_IOEVENTFD_FLAG_PIO,
  CKVM_IOEVENTFD_DEASSIGN = KVM_IOEVENTFD_FLAG_DEASSIGN,
  CKVM_DIRTY_GFN_DIRTY = KVM_DIRTY_GFN_F_DIRTY,
  CKVM_DIRTY_GFN_RESET = KVM_DIRTY_GFN_F_RESET,
};

// MARK: System calls, with -errno as the failure so that errno is never read from Swift

static inline int ckvm_ioctl(int fd, unsigned long request, unsigned long argument) {
  int result = ioctl(fd, request, argument);
  return result < 0 ? -errno : result;
}

static inline int ckvm_ioctl_pointer(int fd, unsigned long request, void *_Nonnull argument) {
  int result = ioctl(fd, request, argument);
  return result < 0 ? -errno : result;
}

static inline int ckvm_open(const char *_Nonnull path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Guest memory: private, zero, and not charged until touched.
static inline int ckvm_map_anonymous(size_t size, void *_Nullable *_Nonnull base) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (mapping == MAP_FAILED) return -errno;
  *base = mapping;
  return 0;
}

// Pages shared with the kernel: kvm_run, the dirty ring, the coalesced ring.
static inline int ckvm_map_shared(int fd, size_t size, off_t offset,
                                  void *_Nullable *_Nonnull base) {
  void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  if (mapping == MAP_FAILED) return -errno;
  *base = mapping;
  return 0;
}

static inline ssize_t ckvm_pread(int fd, void *_Nonnull buffer, size_t size, off_t offset) {
  ssize_t result = pread(fd, buffer, size, offset);
  return result < 0 ? -errno : result;
}

static inline int ckvm_eventfd(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

static inline int ckvm_eventfd_write(int fd, uint64_t value) {
  return write(fd, &value, sizeof value) < 0 ? -errno : 0;
}

static inline int ckvm_eventfd_read(int fd, uint64_t *_Nonnull value) {
  return read(fd, value, sizeof *value) < 0 ? -errno : 0;
}

static inline int ckvm_signalfd(const sigset_t *_Nonnull mask) {
  int fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

// The name that top -H and debuggers show; the kernel keeps 15 bytes of it.
static inline void ckvm_set_thread_name(const char *_Nonnull name) {
  prctl(PR_SET_NAME, name);
}

// MARK: kvm_run

// Another thread writes immediate_exit while the vCPU's thread reads and clears it. Sequentially
// consistent, so that "set it, then signal" cannot lose against "clear it, then look for requests".
static inline void ckvm_store_immediate_exit(struct kvm_run *_Nonnull run, uint8_t value) {
  __atomic_store_n(&run->immediate_exit, value, __ATOMIC_SEQ_CST);
}

static inline uint8_t ckvm_load_immediate_exit(struct kvm_run *_Nonnull run) {
  return __atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST);
}

static inline void *_Nonnull ckvm_io_data(struct kvm_run *_Nonnull run) {
  return (char *)run + run->io.data_offset;
}

static inline void *_Nonnull ckvm_mmio_data(struct kvm_run *_Nonnull run) {
  return run->mmio.data;
}

// The memory_fault member of kvm_run's union, which 6.1 headers lack.
struct ckvm_memory_fault {
  uint64_t flags;
  uint64_t gpa;
  uint64_t size;
};

static inline struct ckvm_memory_fault ckvm_memory_fault(const struct kvm_run *_Nonnull run) {
  struct ckvm_memory_fault fault;
  memcpy(&fault, &run->hw, sizeof fault);
  return fault;
}

// MARK: Flexible array members

static inline struct kvm_cpuid_entry2 *_Nonnull ckvm_cpuid_entries(struct kvm_cpuid2 *_Nonnull c) {
  return c->entries;
}

static inline uint32_t *_Nonnull ckvm_msr_indices(struct kvm_msr_list *_Nonnull list) {
  return list->indices;
}

static inline struct kvm_msr_entry *_Nonnull ckvm_msr_entries(struct kvm_msrs *_Nonnull msrs) {
  return msrs->entries;
}

static inline struct kvm_irq_routing_entry *_Nonnull ckvm_routing_entries(
    struct kvm_irq_routing *_Nonnull routing) {
  return routing->entries;
}

static inline struct kvm_coalesced_mmio *_Nonnull ckvm_coalesced_entries(
    struct kvm_coalesced_mmio_ring *_Nonnull ring) {
  return ring->coalesced_mmio;
}

static inline int ckvm_set_signal_mask(int fd, uint64_t mask) {
  struct {
    uint32_t len;
    uint8_t sigset[8];
  } argument = {.len = 8};
  memcpy(argument.sigset, &mask, sizeof mask);
  return ckvm_ioctl_pointer(fd, KVM_SET_SIGNAL_MASK, &argument);
}

// MARK: Words shared with the kernel

// Acquire: what the producer wrote before its index or flag is visible after this load.
static inline uint32_t ckvm_load_acquire(const uint32_t *_Nonnull word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

// Release: the kernel reuses the entry only after everything read from it before this store.
static inline void ckvm_store_release(uint32_t *_Nonnull word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline uint32_t *_Nonnull ckvm_ring_first(struct kvm_coalesced_mmio_ring *_Nonnull ring) {
  return &ring->first;
}

static inline uint32_t *_Nonnull ckvm_ring_last(struct kvm_coalesced_mmio_ring *_Nonnull ring) {
  return &ring->last;
}

static inline uint32_t *_Nonnull ckvm_gfn_flags(struct kvm_dirty_gfn *_Nonnull gfn) {
  return &gfn->flags;
}

// MARK: Interrupt controller state

static inline uint64_t ckvm_ioapic_redirection(const struct kvm_irqchip *_Nonnull chip,
                                               unsigned pin) {
  return pin < KVM_IOAPIC_NUM_PINS ? chip->chip.ioapic.redirtbl[pin].bits : 0;
}

static inline void ckvm_ioapic_set_redirection(struct kvm_irqchip *_Nonnull chip, unsigned pin,
                                               uint64_t bits) {
  if (pin < KVM_IOAPIC_NUM_PINS) chip->chip.ioapic.redirtbl[pin].bits = bits;
}

#endif
