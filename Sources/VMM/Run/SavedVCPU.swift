import CKVM
import KVM

/// All of a vCPU's state that a reset puts back.
struct SavedVCPU: Sendable {
  /// What there is to save of every vCPU of a machine.
  struct Inventory: Sendable {
    var msrIndices: [UInt32]
    var hasXSAVE: Bool
    var hasXCRs: Bool
    var hasLocalAPIC: Bool

    init(
      of hypervisor: borrowing Hypervisor, hasLocalAPIC: Bool
    ) throws(KVMError) {
      msrIndices = try hypervisor.msrIndexList()
      hasXSAVE = hypervisor.checkExtension(.xsave) > 0
      hasXCRs = hypervisor.checkExtension(.xcrs) > 0
      self.hasLocalAPIC = hasLocalAPIC
    }
  }

  /// IA32_TIME_STAMP_COUNTER. It runs on by itself and starts again at 0.
  private static let timeStampCounter: UInt32 = 0x10

  private let registers: Registers
  private let specialRegisters: SpecialRegisters
  private let msrs: [MSR]
  private let xsave: XSAVEArea?
  private let fpu: FPUState
  private let xcrs: ExtendedControlRegisters?
  private let debugRegisters: DebugRegisters
  private let localAPIC: LocalAPICState?
  private let events: VCPUEvents
  private let mpState: MPState

  /// Saves the state of a vCPU that does not run.
  init(of vcpu: borrowing VCPU, _ inventory: Inventory) throws(KVMError) {
    registers = try vcpu.registers()
    specialRegisters = try vcpu.specialRegisters()
    msrs = try vcpu.readSupportedMSRs(inventory.msrIndices)
    xsave = inventory.hasXSAVE ? try vcpu.xsave() : nil
    fpu = try vcpu.fpu()
    xcrs = inventory.hasXCRs ? try vcpu.xcrs() : nil
    debugRegisters = try vcpu.debugRegisters()
    localAPIC = inventory.hasLocalAPIC ? try vcpu.localAPIC() : nil
    events = try vcpu.events()
    mpState = try vcpu.mpState()
  }

  /// Puts a vCPU that does not run into this state. The order is KVM's: the mode of the local APIC is
  /// a special register, and what is set last stays, such as events that other state would raise.
  func restore(to vcpu: borrowing VCPU) throws(KVMError) {
    // Asking for it takes in an INIT or SIPI that is on its way, which nothing else would undo.
    _ = try vcpu.mpState()
    try vcpu.setSpecialRegisters(specialRegisters)
    try restoreMSRs(of: vcpu)
    if let xsave { try vcpu.setXSAVE(xsave) } else { try vcpu.setFPU(fpu) }
    if let xcrs { try vcpu.setXCRs(xcrs) }
    try vcpu.setDebugRegisters(debugRegisters)
    if let localAPIC { try vcpu.setLocalAPIC(localAPIC) }
    try vcpu.setRegisters(registers)
    try vcpu.setEvents(events)
    try vcpu.setMPState(mpState)
  }

  /// Writes only what has changed: some registers accept no value, not even their own.
  private func restoreMSRs(of vcpu: borrowing VCPU) throws(KVMError) {
    let current = try vcpu.readMSRs(msrs.map(\.index))
    var changed: [MSR] = []
    for (saved, current) in zip(msrs, current) where saved != current {
      let isTime = saved.index == Self.timeStampCounter
      changed.append(isTime ? MSR(index: saved.index, value: 0) : saved)
    }
    try vcpu.writeMSRs(changed)
  }
}
