/*
 * The contract of the dirty log: our flusher against KVM, in every interleaving.
 *
 * scripts/check-model chooses the variant with -D. kvm.pml says what the kernel does, guest.pml who
 * stores, this file what we do about it, and what must hold. The rules R1 to R5 are those of the
 * article DirtyLogContract in the documentation of the VMM library.
 *
 * Stores are numbered: memory[w] counts those of the writer w, and is its own byte of the page.
 * shadow[w] is what the flusher has copied of it.
 */

#define STORES 2      /* at most, of one vCPU */
#ifndef VCPUS
#define VCPUS 2
#endif
#define HOST VCPUS
#define WRITERS (VCPUS + 1)

byte memory[WRITERS], shadow[WRITERS];
bool stopping;        /* the machine has been told to stop */
bool gone[WRITERS];   /* this writer is out, for good */
bool finished;        /* the last harvest has been copied */
bool asleep;          /* the flusher waits for its trap, and does not poll */
bool taken;           /* the flusher has consumed a report, and has not read all of the page yet */
bool host_marked;     /* the VMM's own mark of its own store */

#include "kvm.pml"
#include "guest.pml"

#if VCPUS == 1
#define SAME (shadow[0] == memory[0] && shadow[HOST] == memory[HOST])
#define REPORTED (dirty || ring[0] || host_marked)
#define IN_THE_WINDOW (unlogged[0] || unlogged[HOST])
#else
#define SAME (shadow[0] == memory[0] && shadow[1] == memory[1] && shadow[HOST] == memory[HOST])
#define REPORTED (dirty || ring[0] || ring[1] || host_marked)
#define IN_THE_WINDOW (unlogged[0] || unlogged[1] || unlogged[HOST])
#endif

/* No store is lost for good: whatever the shadow lacks is in the log, or is going to be, or is
 * about to be read. And R3: after the last harvest it lacks nothing. */
#define ACCOUNTED_FOR (SAME || REPORTED || IN_THE_WINDOW || taken)
active proctype contract() {
end_holds:
  if
  :: !ACCOUNTED_FOR -> printf("a store is lost for good\n"); assert(false)
  :: finished && !SAME -> printf("the last frame is not exact\n"); assert(false)
  fi
}

/* Comparing with the shadow and copying what differs: byte after byte, while the guest goes on. */
inline read_page() {
  v = 0;
  do
  :: atomic { v < WRITERS && shadow[v] != memory[v] ->
       shadow[v] = memory[v];
       printf("flusher: copies store %d of writer %d\n", shadow[v], v);
       v++ }
  :: atomic { v < WRITERS && shadow[v] == memory[v] -> v++ }
  :: atomic { v == WRITERS -> v = 0; break }
  od;
  atomic { taken = false; printf("flusher: has read the page\n") }
}

/* What is known to the VMM only (R4). */
inline take_host_mark(reported) {
#ifdef HOST_WRITES
  atomic {
    if
    :: host_marked -> host_marked = false; reported = true; taken = true
    :: else
    fi
  }
#else
  skip
#endif
}

/* One tick in the right order, R1: re-arm, and only then read. */
inline tick(reported) {
#if defined(RING)
  collect_rings(reported);
  if
  :: reported -> reset_dirty_rings()
  :: else
  fi;
#else
  get_dirty_log(reported);
#endif
#ifdef MANUAL_PROTECT
  if
  :: reported -> clear_dirty_log(true)
#ifdef OPEN_PAGES
  :: reported -> printf("flusher: leaves the page open, and dirty in KVM's bitmap\n")
#endif
#ifdef CLEAR_UNSEEN
  :: !reported -> clear_dirty_log(false)
#endif
  :: else
  fi;
#endif
  take_host_mark(reported);
  if
  :: reported -> read_page()
  :: else
  fi
}

/* The same steps in the wrong order: read, and only then re-arm. */
inline tick_copying_first(reported) {
#if defined(RING)
  collect_rings(reported);
  if
  :: reported -> read_page(); reset_dirty_rings()
  :: else
  fi
#elif defined(MANUAL_PROTECT)
  get_dirty_log(reported);
  if
  :: reported -> read_page(); clear_dirty_log(false)
  :: else
  fi
#else
  read_page(); /* of everything, reported or not */
  get_dirty_log(reported);
  taken = false /* The report is not acted on. */
#endif
}

/* No ticks while nothing happens: arm the trap, compare everything once, and only then sleep. */
inline sleep_until_store() {
#ifdef COMPARE_FIRST
  read_page();
#endif
  arm_trap();
#if !defined(COMPARE_FIRST) && !defined(NO_COMPARE)
  read_page();
#endif
  atomic { asleep = true; assert(SAME); printf("flusher: sleeps\n") }
  atomic { (trapped || stopping) -> asleep = false; printf("flusher: wakes\n") }
  disarm_trap()
}

#ifdef STRICT
/* The rule that is not true: what a harvest does not report had not been stored into. Or, as it is
 * checked here: after a tick the shadow has every store that was made before it. */
#define BEFORE_TICK before[0] = memory[0]; before[VCPUS - 1] = memory[VCPUS - 1]
#define AFTER_TICK \
  assert(shadow[0] >= before[0] && shadow[VCPUS - 1] >= before[VCPUS - 1]); \
  before[0] = 0; before[VCPUS - 1] = 0
#else
#define BEFORE_TICK skip
#define AFTER_TICK skip
#endif

proctype flusher() {
  bool reported, was_dirty;
  byte v;
#ifdef STRICT
  byte before[VCPUS];
#endif

  do
  :: !stopping ->
#ifdef COPY_FIRST
     tick_copying_first(reported);
#else
     atomic { BEFORE_TICK; printf("flusher: ticks\n") };
     tick(reported);
     atomic { AFTER_TICK };
#endif
     reported = false
#ifdef TRAP
  :: !stopping -> sleep_until_store()
#endif
  :: stopping -> break
  od;

  /* R3: everybody out, then one last harvest. */
#ifndef DO_NOT_WAIT
  gone[0] && gone[VCPUS - 1] && gone[HOST];
#endif
#ifndef NO_LAST_HARVEST
  printf("flusher: last harvest\n");
  tick(reported);
  reported = false;
#endif
  finished = true
}

#ifdef RIVAL
/* Against R5: somebody else calls KVM_GET_DIRTY_LOG, and reads the page for himself. */
proctype rival() {
  bool reported;
  byte v;
  lock_mmu();
  atomic { reported = dirty; dirty = false; printf("a rival: harvests the page\n") }
  if
  :: reported -> rearm()
  :: else
  fi;
  unlock_mmu();
  flush_remote_tlbs()
}
#endif

init {
  atomic {
#ifdef INITIALLY_SET
    dirty = true; /* KVM_DIRTY_LOG_INITIALLY_SET: everything is dirty, nothing is protected */
    spte = Open;
#endif
    run vcpu(0);
#if VCPUS == 2
    run vcpu(1);
#endif
#ifdef HOST_WRITES
    run device();
#else
    gone[HOST] = true;
#endif
#ifdef RIVAL
    run rival();
#endif
    run flusher()
  }
  atomic { stopping = true; printf("the machine is told to stop\n") }
}
