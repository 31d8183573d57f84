/*
 * Who stores into the page: vCPUs, each in every way that KVM has, and the VMM itself.
 */

/* An instruction that runs natively: store through the TLB; else walk, fault and try again. A kick
 * may come first, and then the instruction has not been executed. */
inline native_store(v) {
  do
  :: atomic { tlb[v] ->
       memory[v]++;
       assert(!asleep);
       printf("vCPU %d: native store %d\n", v, memory[v]);
       break }
  :: !tlb[v] -> page_walk(v)
  :: stopping -> break
  od
}

proctype vcpu(byte v) {
  bool pending; /* out of KVM_RUN for input whose data the next KVM_RUN is going to store */

  do
  :: stopping -> break
  :: memory[v] < STORES && !pending && !stopping ->
     if
#ifdef NATIVE
     :: true -> native_store(v)
#endif
#ifdef EMULATED
     :: true -> vm_exit(v); kvm_write_guest_page(v)
#endif
#ifdef PENDING_INPUT
     :: true -> vm_exit(v); pending = true; printf("vCPU %d: leaves for input\n", v)
#endif
     fi
#ifdef PENDING_INPUT
  :: pending -> kvm_write_guest_page(v); pending = false
#endif
#ifdef PML
  :: unlogged[v] -> vm_exit(v) /* for whatever reason */
#endif
  od;

  /* R3: out of KVM_RUN, which a VM exit comes before, ... */
  vm_exit(v);
  printf("vCPU %d: is out of KVM_RUN\n", v);
#ifdef LEAVE_PENDING
  gone[v] = true;
#endif
  /* ... and pending input completed, which takes one more KVM_RUN, with immediate_exit. */
#ifdef PENDING_INPUT
  if
  :: pending -> kvm_write_guest_page(v)
  :: else
  fi;
#endif
  gone[v] = true
}

#ifdef HOST_WRITES
/* R4: a store of the VMM through its own mapping, which KVM does not see. It is marked after it,
 * for the reason for which KVM does so. */
proctype device() {
  if
  :: atomic { !host_protected ->
       memory[HOST]++; unlogged[HOST] = true;
       assert(!asleep);
       printf("the VMM: stores into the page\n") }
#ifdef UNMARKED
     unlogged[HOST] = false
#else
     atomic { host_marked = true; unlogged[HOST] = false }
#endif
  :: stopping
  fi;
  gone[HOST] = true
}
#endif
