import CKVM

/// How a debugger in the VMM controls a vCPU.
public struct GuestDebug: Sendable {
  /// The `KVM_GUESTDBG_` bits. See KVM API section 4.87.
  public struct Control: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Control from its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Debugging is on.
    public static let enable = Control(rawValue: UInt32(KVM_GUESTDBG_ENABLE))

    /// ``VCPUExit/debug(_:)`` after every instruction.
    public static let singleStep = Control(rawValue: UInt32(KVM_GUESTDBG_SINGLESTEP))

    /// `int3` becomes ``VCPUExit/debug(_:)``.
    public static let softwareBreakpoints = Control(rawValue: UInt32(KVM_GUESTDBG_USE_SW_BP))

    /// ``GuestDebug/addresses`` and ``GuestDebug/dr7`` take the place of the guest's.
    public static let hardwareBreakpoints = Control(rawValue: UInt32(KVM_GUESTDBG_USE_HW_BP))

    /// Injects #DB into the guest.
    public static let injectDebugException = Control(rawValue: UInt32(KVM_GUESTDBG_INJECT_DB))

    /// Injects #BP into the guest.
    public static let injectBreakpoint = Control(rawValue: UInt32(KVM_GUESTDBG_INJECT_BP))

    /// No interrupts during single steps.
    public static let blockInterrupts = Control(rawValue: UInt32(KVM_GUESTDBG_BLOCKIRQ))
  }

  /// What is switched on; empty switches debugging off.
  public var control: Control

  /// DR0 to DR3: the addresses of breakpoints and watchpoints.
  public var addresses: InlineArray<4, UInt64>

  /// DR7: which of the ``addresses`` are armed, and for what.
  public var dr7: UInt64

  /// Debugging with the given control; without breakpoints unless told.
  public init(
    _ control: Control = [], addresses: InlineArray<4, UInt64> = .init(repeating: 0),
    dr7: UInt64 = 0
  ) {
    self.control = control
    self.addresses = addresses
    self.dr7 = dr7
  }
}

extension VCPU {
  /// Switches debugging on or off.
  ///
  /// The corresponding ioctl is `KVM_SET_GUEST_DEBUG`. See KVM API section 4.87.
  public func setGuestDebug(_ debug: GuestDebug) throws(KVMError) {
    var argument = kvm_guest_debug()
    argument.control = debug.control.rawValue
    let dr = debug.addresses
    argument.arch.debugreg = (dr[0], dr[1], dr[2], dr[3], 0, 0, 0, debug.dr7)
    try Request.setGuestDebug.call(descriptor, passing: argument)
  }
}
