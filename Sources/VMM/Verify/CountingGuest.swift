import KVM

/// The guest of a ``DirtyLogStress``: counts in every page, round and round, until it is stopped.
struct CountingGuest {
  let privilegeLevel: DirtyLogStress.PrivilegeLevel
  let pageCount: Int

  /// RDI is the address of a counter in the first page, RSI the number of pages.
  private static let code: [UInt8] = [
    0x48, 0x89, 0xFA,  // 1: movq %rdi, %rdx
    0x48, 0x89, 0xF1,  //    movq %rsi, %rcx
    0x48, 0xFF, 0x02,  // 2: incq (%rdx)
    0x48, 0x81, 0xC2, 0x00, 0x10, 0x00, 0x00,  // addq $4096, %rdx
    0x48, 0xFF, 0xC9,  //    decq %rcx
    0x75, 0xF1,  //          jnz 2b
    0xEB, 0xE9,  //          jmp 1b
  ]

  private var entry: EntryState {
    get throws(VMMError) {
      EntryState(
        image: try FlatImage(ImageFile(name: "counting guest", bytes: Self.code), mode: .long))
    }
  }

  /// Writes the code and the tables of the long entry state.
  func load(into memory: GuestMemory) throws(VMMError) {
    let entry = try entry
    try entry.loadImage(into: memory)
    entry.prepare(memory)
  }

  /// Puts a vCPU before the first instruction, at the guest's privilege level.
  func enter(_ vcpu: borrowing VCPU) throws(VMMError) {
    let entry = try entry
    try onHost { () throws(KVMError) in
      try entry.enter(vcpu)
      if privilegeLevel == .user {
        var special = try vcpu.specialRegisters()
        special.cs = DescriptorTable.userCode64.segment
        let data = DescriptorTable.userData.segment
        (special.ss, special.ds, special.es) = (data, data, data)
        (special.fs, special.gs) = (data, data)
        try vcpu.setSpecialRegisters(special)
      }
      var registers = try vcpu.registers()
      registers.rdi =
        MemoryMap.framebuffer.rawValue + UInt64(vcpu.id) * UInt64(StressMemory.cellSize)
      registers.rsi = UInt64(pageCount)
      try vcpu.setRegisters(registers)
    }
  }
}
