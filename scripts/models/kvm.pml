/*
 * What KVM does with one 4 KiB page of a memory slot that logs dirty pages, on x86.
 *
 * One page is enough: KVM's log keeps nothing that ties one page to another. Where KVM works on 64
 * pages under one lock, the others' share of the work looks to this page like time passing. A full
 * ring is left out: it is a VM exit and a reason to harvest, and both may happen here at any time.
 *
 * Every statement outside `atomic` is a point at which any other process may run. What is `atomic`
 * here is one locked instruction, or one guest store with the translation it needs, on hardware.
 */

/* The page's last-level entry, "spte". Armed: the next native store is sure to be noticed, because
 * the entry is write-protected or, with page-modification logging, because its dirty flag is clear.
 * Open: stores go unnoticed. */
mtype = { NotPresent, Armed, Open }

mtype spte = NotPresent;
bool tlb[VCPUS];     /* this vCPU has cached that the page is open to its stores */
bool mmu_lock;       /* kvm->mmu_lock, which the fast page fault does not take */
bool dirty;          /* the page's bit in memslot->dirty_bitmap */
bool ring[VCPUS];    /* the page is in the dirty ring of this vCPU, and not harvested yet */

/* Third state of the page, the window: this writer has stored into the page, or has opened it to
 * stores, and has not marked it yet. With page-modification logging: it is in the log of this vCPU,
 * which the kernel reads at the next VM exit. */
bool unlogged[WRITERS];

/* userfaultfd's write-protection of the host's mapping: the idle trap. */
bool host_protected; /* the host's page table entry is write-protected */
bool invalidating;   /* kvm->mmu_invalidate_in_progress: no new entry may be installed */
bool trapped;        /* a store waits; its event has not been read */

inline lock_mmu() { atomic { !mmu_lock -> mmu_lock = true } }
inline unlock_mmu() { mmu_lock = false }

/* mark_page_dirty_in_slot() */
inline mark_page_dirty(w) {
  atomic {
#ifdef RING
    ring[w] = true;
#else
    dirty = true;
#endif
    unlogged[w] = false;
    printf("vCPU %d: the page is marked dirty\n", w)
  }
}

/* A VM exit; with page-modification logging it begins with vmx_flush_pml_buffer(). */
inline vm_exit(v) {
#ifdef PML
  if
  :: unlogged[v] -> mark_page_dirty(v)
  :: else
  fi
#else
  skip
#endif
}

/* fast_pf_fix_direct_spte(): no lock, a compare-and-exchange, and then the mark. */
inline fast_page_fault(v) {
#ifdef MARK_FIRST
  mark_page_dirty(v);
#endif
  if
  :: atomic {
       spte == Armed -> spte = Open;
#ifndef MARK_FIRST
       unlogged[v] = true;
#endif
       printf("vCPU %d: fast page fault makes the page writable\n", v)
     }
#ifndef MARK_FIRST
     mark_page_dirty(v)
#endif
  :: spte != Armed /* Somebody else was faster. The store is tried again. */
  fi
}

/* kvm_tdp_page_fault() for a page that is not mapped: the host's mapping first, which may trap;
 * then make_spte() marks the page and the entry is installed, both under mmu_lock. */
inline slow_page_fault(v) {
#ifdef TRAP
  vm_exit(v); /* Only the trap unmaps a page that this vCPU may have logged. */
#endif
  if
#ifdef TRAP
  :: atomic { host_protected -> trapped = true; printf("vCPU %d: store is trapped\n", v) }
     !host_protected
#endif
  :: atomic { !host_protected && !invalidating && spte == NotPresent && !mmu_lock ->
       mmu_lock = true }
     mark_page_dirty(v);
     spte = Open;
     unlock_mmu()
  :: spte != NotPresent
  fi
}

/* The processor's page walk for a store, for which the TLB has nothing. */
inline page_walk(v) {
  if
  :: atomic { spte == Open -> tlb[v] = true }
#ifdef PML
  :: atomic { spte == Armed -> spte = Open; unlogged[v] = true; tlb[v] = true;
       printf("vCPU %d: hardware logs the page in its PML buffer\n", v) }
#else
  :: spte == Armed -> fast_page_fault(v)
#endif
  :: spte == NotPresent -> slow_page_fault(v)
  fi
}

/* __kvm_write_guest_page(), which emulated stores and pending input end in: copies through the
 * host's mapping, and then marks. */
inline kvm_write_guest_page(v) {
  do
  :: atomic { !host_protected ->
       memory[v]++; unlogged[v] = true;
       assert(!asleep);
       printf("vCPU %d: KVM copies store %d into the page\n", v, memory[v]);
       break }
#ifdef TRAP
  :: atomic { host_protected -> trapped = true; printf("vCPU %d: copy is trapped\n", v) }
     !host_protected
#endif
  od;
  mark_page_dirty(v)
}

/* kvm_arch_mmu_enable_log_dirty_pt_masked(): write-protects the page or clears its dirty flag. The
 * caller holds mmu_lock. */
inline rearm() {
  atomic {
    if
    :: spte == Open -> spte = Armed
    :: else
    fi;
    printf("KVM: the page is armed again\n")
  }
}

/* kvm_flush_remote_tlbs(): until it has reached a vCPU, that vCPU still stores unnoticed. */
inline flush_remote_tlbs() {
  v = 0;
  do
  :: atomic { v < VCPUS -> tlb[v] = false; v++ }
  :: atomic { v == VCPUS -> v = 0; break }
  od
}

/* KVM_GET_DIRTY_LOG, kvm_get_dirty_log_protect(). kvm_arch_sync_dirty_log() only kicks the vCPUs
 * and does not wait for them to empty their hardware's logs, so that it adds nothing here: a vCPU
 * may have a VM exit at any time anyway. */
inline get_dirty_log(reported) {
#ifdef MANUAL_PROTECT
  atomic { reported = dirty; printf("KVM_GET_DIRTY_LOG: the page's bit is %d\n", reported) }
#else
  lock_mmu();
  atomic {
    reported = dirty; dirty = false; taken = taken || reported;
    printf("KVM_GET_DIRTY_LOG: the page's bit is %d\n", reported)
  }
  if
  :: reported -> rearm()
  :: else
  fi;
  unlock_mmu();
  if
  :: reported -> flush_remote_tlbs()
  :: else
  fi
#endif
}

/* KVM_CLEAR_DIRTY_LOG with the page's bit set, kvm_clear_dirty_log_protect(). `seen`: user space
 * got this bit from KVM_GET_DIRTY_LOG, and is going to read the page. */
inline clear_dirty_log(seen) {
  lock_mmu();
  atomic {
    was_dirty = dirty; dirty = false; taken = taken || (was_dirty && seen);
    printf("KVM_CLEAR_DIRTY_LOG: the page's bit was %d\n", was_dirty)
  }
  if
  :: was_dirty -> rearm()
  :: else
  fi;
  unlock_mmu();
  if
  :: was_dirty -> flush_remote_tlbs()
  :: else
  fi;
  was_dirty = false
}

/* User space collects what is in the rings. No system call, no lock. */
inline collect_rings(reported) {
  v = 0;
  do
  :: atomic { v < VCPUS && ring[v] ->
       ring[v] = false; reported = true; taken = true;
       printf("flusher: collects the page from the ring of vCPU %d\n", v);
       v++ }
  :: atomic { v < VCPUS && !ring[v] -> v++ }
  :: atomic { v == VCPUS -> v = 0; break }
  od
}

/* KVM_RESET_DIRTY_RINGS, kvm_dirty_ring_reset(), for entries that have been collected. */
inline reset_dirty_rings() {
  lock_mmu();
  rearm();
  unlock_mmu();
  flush_remote_tlbs()
}

/* UFFDIO_WRITEPROTECT: KVM's MMU notifier unmaps the page and keeps it unmapped while the host's
 * page table entry is changed. */
inline arm_trap() {
  lock_mmu();
  atomic { invalidating = true; spte = NotPresent };
  unlock_mmu();
  flush_remote_tlbs();
  atomic { host_protected = true; printf("flusher: the trap is armed\n") }
  invalidating = false
}

/* UFFDIO_WRITEPROTECT without its mode bit: unprotects the page and wakes whom it held. */
inline disarm_trap() { atomic { host_protected = false; trapped = false } }
