import CKVM
public import SystemPackage

/// Where a guest writes to signal an ioeventfd.
public enum IOEventAddress: Sendable, Hashable {
  /// An I/O port.
  case port(UInt16)
  /// A guest physical address.
  case memory(UInt64)
}

extension VirtualMachine {
  /// Lets signals of an eventfd raise an interrupt without this process.
  ///
  /// The corresponding ioctl is `KVM_IRQFD`. See KVM API section 4.75.
  ///
  /// - Parameters:
  ///   - eventFD: An eventfd; the kernel holds its own reference.
  ///   - gsi: The interrupt line. Each signal is an edge, or with `resample` sets the level.
  ///   - resample: An eventfd signalled when the guest acknowledges a level-triggered interrupt.
  public func registerIRQFD(
    _ eventFD: FileDescriptor, gsi: UInt32, resample: FileDescriptor? = nil
  ) throws(KVMError) {
    var argument = Self.irqFD(eventFD, gsi)
    if let resample {
      argument.flags = UInt32(KVM_IRQFD_FLAG_RESAMPLE)
      argument.resamplefd = UInt32(bitPattern: resample.rawValue)
    }
    try Request.irqfd.call(descriptor, passing: argument)
  }

  /// Separates an eventfd from its interrupt line.
  ///
  /// The corresponding ioctl is `KVM_IRQFD`. See KVM API section 4.75.
  public func unregisterIRQFD(_ eventFD: FileDescriptor, gsi: UInt32) throws(KVMError) {
    var argument = Self.irqFD(eventFD, gsi)
    argument.flags = UInt32(KVM_IRQFD_FLAG_DEASSIGN)
    try Request.irqfd.call(descriptor, passing: argument)
  }

  /// Turns a guest's write into a signal of an eventfd, without an exit.
  ///
  /// The corresponding ioctl is `KVM_IOEVENTFD`. See KVM API section 4.59.
  ///
  /// - Parameters:
  ///   - eventFD: An eventfd; the kernel holds its own reference.
  ///   - address: The port or the guest physical address.
  ///   - length: The size of the write in bytes: 1, 2, 4 or 8; 0 for any.
  ///   - dataMatch: The value that must be written; nil for any.
  public func registerIOEvent(
    _ eventFD: FileDescriptor, at address: IOEventAddress, length: UInt32,
    dataMatch: UInt64? = nil
  ) throws(KVMError) {
    try Request.ioeventfd.call(
      descriptor, passing: Self.ioEvent(eventFD, address, length, dataMatch, flags: 0))
  }

  /// Makes the writes ordinary exits again; the arguments must be those of the registration.
  ///
  /// The corresponding ioctl is `KVM_IOEVENTFD`. See KVM API section 4.59.
  public func unregisterIOEvent(
    _ eventFD: FileDescriptor, at address: IOEventAddress, length: UInt32,
    dataMatch: UInt64? = nil
  ) throws(KVMError) {
    try Request.ioeventfd.call(
      descriptor,
      passing: Self.ioEvent(
        eventFD, address, length, dataMatch, flags: CKVM_IOEVENTFD_DEASSIGN))
  }

  private static func irqFD(_ eventFD: FileDescriptor, _ gsi: UInt32) -> kvm_irqfd {
    var argument = kvm_irqfd()
    argument.fd = UInt32(bitPattern: eventFD.rawValue)
    argument.gsi = gsi
    return argument
  }

  private static func ioEvent(
    _ eventFD: FileDescriptor, _ address: IOEventAddress, _ length: UInt32, _ dataMatch: UInt64?,
    flags: UInt32
  ) -> kvm_ioeventfd {
    var argument = kvm_ioeventfd()
    argument.fd = eventFD.rawValue
    argument.len = length
    argument.flags = flags
    switch address {
    case .port(let port):
      argument.addr = UInt64(port)
      argument.flags |= CKVM_IOEVENTFD_PIO
    case .memory(let address):
      argument.addr = address
    }
    if let dataMatch {
      argument.datamatch = dataMatch
      argument.flags |= CKVM_IOEVENTFD_DATAMATCH
    }
    return argument
  }
}
