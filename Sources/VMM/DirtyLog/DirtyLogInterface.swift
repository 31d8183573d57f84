public import KVM

/// Which of KVM's dirty-log interfaces finds the written pages.
public enum DirtyLogInterface: String, CaseIterable, Sendable {
  /// `KVM_GET_DIRTY_LOG`: reports and re-arms every page at once. Every KVM has it.
  case bitmap
  /// Manual protection: GET reports, CLEAR re-arms exactly the pages that are passed.
  case clear
  /// The same, with every page reported at first, so that switching the log on protects nothing.
  case clearInitiallySet = "clear-initially-set"
  /// A ring of written pages for each vCPU; a reset re-arms all that were harvested.
  case ring

  /// The best interface that this host offers.
  ///
  /// Manual protection is best, because it alone re-arms single pages and so leaves hot ones open.
  /// The ring comes last: it re-arms all or nothing, costs a mapping for each vCPU, and a KVM that
  /// emulates the guest's stores writes an entry for each of them.
  public static func best(on hypervisor: borrowing Hypervisor) -> DirtyLogInterface {
    DirtyLogSupport(of: hypervisor).best
  }

  /// Whether this host offers it.
  public func isAvailable(on hypervisor: borrowing Hypervisor) -> Bool {
    DirtyLogSupport(of: hypervisor).offers(self)
  }

  /// The capability that it needs, for messages.
  public var capability: Capability? {
    switch self {
    case .bitmap: nil
    case .clear, .clearInitiallySet: .manualDirtyLogProtect2
    case .ring: .dirtyLogRing
    }
  }
}
