// A minimal C VMM of the same job as `scanline run`: what scripts/bench compares against, and an
// independent reading of the entry state that guests/README.md documents.
//
//   reference-vmm [--mode real|protected|long] [--append TEXT] [--ppm FILE] IMAGE
#include "reference-loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
  RAM_SIZE = 64 << 20,
  GDT = 0x1000,
  TSS = 0x2000,
  IO_BITMAP = 0x68,  // its offset in the TSS
  BOOT_INFO = 0x6000,
  COMMAND_LINE = 0x6060,
  BOOT_SECTOR = 0x7C00,
  PML4 = 0x10000,
  STACK_TOP = 0x90000,
  LOAD_ADDRESS = 0x100000,
  FB_SIZE = 16 << 20,
  FB_WIDTH = 1024,
  FB_HEIGHT = 768,
  MAGIC = 0x4C4E4353,  // "SCNL"
  CPUID_ENTRIES = 256,
};
static const uint64_t FB_ADDRESS = 0xE0000000;
enum mode { REAL, PROTECTED, LONG };

static long check(long result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(72);
  }
  return result;
}

static uint8_t *map(size_t size, int flags, int fd) {
  uint8_t *address = mmap(0, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  check(address == MAP_FAILED ? -1 : 0, "mmap");
  return address;
}

static void put64(uint8_t *at, uint64_t value) { memcpy(at, &value, sizeof value); }
static void put32(uint8_t *at, uint32_t value) { memcpy(at, &value, sizeof value); }
static void put16(uint8_t *at, uint16_t value) { memcpy(at, &value, sizeof value); }

static void write_descriptors(uint8_t *ram) {
  const uint64_t gdt[] = {
      0,
      0x00AF9B000000FFFF,  // 08: code, 64-bit, CPL 0
      0x00CF93000000FFFF,  // 10: data, CPL 0
      0x00CF9B000000FFFF,  // 18: code, 32-bit, CPL 0
      0x00CFF3000000FFFF,  // 20: data, CPL 3
      0x00AFFB000000FFFF,  // 28: code, 64-bit, CPL 3
      0x00CFFB000000FFFF,  // 30: code, 32-bit, CPL 3
      0x00008B0000000000 | (uint64_t)TSS << 16 | (IO_BITMAP + 8193 - 1),  // 38: 64-bit TSS, busy
      0,
  };
  memcpy(ram + GDT, gdt, sizeof gdt);
  put64(ram + TSS + 4, STACK_TOP);  // RSP0
  put16(ram + TSS + 0x66, IO_BITMAP);
  ram[TSS + IO_BITMAP + 8192] = 0xFF;
}

static void write_page_tables(uint8_t *ram) {
  const uint64_t table = 7, page = 0x87;  // present | write | user; PS: a 2 MiB page
  put64(ram + PML4, (PML4 + 0x1000) | table);
  for (uint64_t i = 0; i < 4; i++)
    put64(ram + PML4 + 0x1000 + 8 * i, (PML4 + 0x2000 + 0x1000 * i) | table);
  for (uint64_t i = 0; i < 2048; i++) put64(ram + PML4 + 0x2000 + 8 * i, i << 21 | page);
}

static void write_boot_info(uint8_t *ram, const char *command_line) {
  uint8_t *info = ram + BOOT_INFO;
  size_t length = strnlen(command_line, 0x1000 - (COMMAND_LINE - BOOT_INFO) - 1);
  memcpy(ram + COMMAND_LINE, command_line, length);
  put32(info, MAGIC);
  put16(info + 0x04, 1);
  put16(info + 0x06, COMMAND_LINE - BOOT_INFO);
  put64(info + 0x08, RAM_SIZE);
  put64(info + 0x10, FB_ADDRESS);
  put32(info + 0x18, FB_WIDTH);
  put32(info + 0x1C, FB_HEIGHT);
  put32(info + 0x20, FB_WIDTH * 4);
  put32(info + 0x24, 32);
  put64(info + 0x28, FB_SIZE);
  memcpy(info + 0x30, (uint8_t[]){16, 8, 8, 8, 0, 8}, 6);
  put32(info + 0x38, 1);
  put32(info + 0x3C, (uint32_t)length);
  put64(info + 0x40, COMMAND_LINE);
  put64(info + 0x48, RAM_SIZE);
}

static void load(const char *path, uint8_t *at, size_t capacity) {
  int fd = (int)check(open(path, O_RDONLY | O_CLOEXEC), path);
  for (ssize_t count = 1; count > 0 && capacity > 0; at += count, capacity -= (size_t)count)
    count = check(read(fd, at, capacity), path);
  close(fd);
}

static void add_slot(int vm, uint32_t slot, uint32_t flags, uint64_t address, uint8_t *host,
                     uint64_t size) {
  struct kvm_userspace_memory_region region = {slot, flags, address, size, (uintptr_t)host};
  check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

static void set_cpuid(int kvm, int vcpu) {
  struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + CPUID_ENTRIES * sizeof *cpuid->entries);
  check(cpuid ? 0 : -1, "calloc");
  cpuid->nent = CPUID_ENTRIES;
  check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
  check(ioctl(vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
  free(cpuid);
}

static void set_registers(int vcpu, enum mode mode) {
  struct kvm_sregs sregs;
  struct kvm_regs regs = {.rflags = 2};
  check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
  if (mode == REAL) {
    sregs.cs.base = sregs.cs.selector = 0;
    regs.rip = regs.rsp = BOOT_SECTOR;
    regs.rdi = BOOT_INFO;
    regs.rdx = 0x80;
  } else {
    struct kvm_segment data = {.limit = ~0u, .selector = 0x10, .type = 3, .present = 1, .db = 1,
                               .s = 1, .g = 1};
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.cs = data;
    sregs.cs.type = 11;
    sregs.cs.selector = mode == LONG ? 0x08 : 0x18;
    sregs.cs.l = mode == LONG;
    sregs.cs.db = mode != LONG;
    sregs.tr = (struct kvm_segment){.base = TSS, .limit = IO_BITMAP + 8193 - 1, .selector = 0x38,
                                    .type = 11, .present = 1};
    sregs.gdt.base = GDT;
    sregs.gdt.limit = 9 * 8 - 1;
    sregs.idt.base = sregs.idt.limit = 0;
    sregs.cr0 = 0x11;
    if (mode == LONG) {
      sregs.cr0 = 0x80010033;  // PE MP ET NE WP PG
      sregs.cr3 = PML4;
      sregs.cr4 = 0x620;       // PAE OSFXSR OSXMMEXCPT
      sregs.efer = 0x500;      // LME LMA
    }
    regs.rip = LOAD_ADDRESS;
    regs.rsp = STACK_TOP;
    regs.rdi = BOOT_INFO;
    regs.rax = MAGIC;
  }
  check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  check(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static void write_ppm(const char *path, const uint8_t *framebuffer) {
  FILE *file = fopen(path, "wb");
  check(file ? 0 : -1, path);
  fprintf(file, "P6\n%d %d\n255\n", FB_WIDTH, FB_HEIGHT);
  for (size_t i = 0; i < FB_WIDTH * FB_HEIGHT; i++)
    fwrite((uint8_t[]){framebuffer[4 * i + 2], framebuffer[4 * i + 1], framebuffer[4 * i]}, 1, 3,
           file);
  check(fclose(file), path);
}

int main(int argc, char **argv) {
  const char *image = NULL, *ppm = NULL, *append = "", *mode_name = "long";
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--ppm") && i + 1 < argc) ppm = argv[++i];
    else if (!strcmp(argv[i], "--append") && i + 1 < argc) append = argv[++i];
    else if (!strcmp(argv[i], "--mode") && i + 1 < argc) mode_name = argv[++i];
    else image = argv[i];
  }
  enum mode mode = LONG;
  if (!strcmp(mode_name, "real")) mode = REAL;
  if (!strcmp(mode_name, "protected")) mode = PROTECTED;
  if (!image) {
    fputs("usage: reference-vmm [--mode real|protected|long] [--append TEXT] [--ppm FILE] IMAGE\n",
          stderr);
    return 64;
  }

  uint8_t *ram = map(RAM_SIZE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  uint8_t *framebuffer = map(FB_SIZE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  uint32_t load_address = mode == REAL ? BOOT_SECTOR : LOAD_ADDRESS;
  write_descriptors(ram);
  write_boot_info(ram, append);
  if (mode == LONG) write_page_tables(ram);
  load(image, ram + load_address, RAM_SIZE - load_address);

  int kvm = (int)check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
  int vm = (int)check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
  add_slot(vm, 0, 0, 0, ram, RAM_SIZE);
  add_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, FB_ADDRESS, framebuffer, FB_SIZE);
  int vcpu = (int)check(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
  size_t run_size = (size_t)check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
  struct kvm_run *run = (struct kvm_run *)map(run_size, MAP_SHARED, vcpu);
  set_cpuid(kvm, vcpu);
  set_registers(vcpu, mode);

  struct reference_serial serial = {.fd = STDOUT_FILENO};
  int status = reference_loop(vcpu, run, &serial);
  if (status == REFERENCE_FAILURE)
    fprintf(stderr, "reference-vmm: exit reason %u\n", run->exit_reason);
  if (ppm) write_ppm(ppm, framebuffer);
  return status;
}
