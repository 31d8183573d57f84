import Display
import KVM
public import SystemPackage

/// A stress of the dirty log on the host it runs on.
///
/// vCPUs count in their pages without pause; meanwhile the host harvests, takes and copies what the
/// log reports, with the same ``DirtyLog`` and the same policy of open pages as the display. Several
/// times a second all vCPUs are stopped, the log is harvested once more, and the copy is compared
/// with the guest's memory byte for byte: a page that differs then is lost.
///
/// ```swift
/// let outcome = try DirtyLogStress(interface: .clear).run()
/// print(outcome.lateReports, outcome.lostPages)
/// ```
public struct DirtyLogStress: Sendable {
  /// The privilege level at which the guest runs. Some hosts run one natively and emulate the other.
  public enum PrivilegeLevel: Int, CaseIterable, Sendable {
    case kernel = 0
    case user = 3
  }

  /// When the pages are copied.
  public enum Order: String, CaseIterable, Sendable {
    /// After the harvest that re-arms them, as it has to be (R1).
    case harvestFirst = "harvest-first"
    /// Before it: a store between the two is in neither. For demonstration.
    case copyFirst = "copy-first"
  }

  /// Which dirty log.
  public var interface: DirtyLogInterface
  public var privilegeLevel = PrivilegeLevel.user
  public var order = Order.harvestFirst
  /// vCPUs that write, 1 to ``maximumCPUs``.
  public var cpuCount = 2
  /// Pages that every vCPU writes, 1 to ``maximumPages``.
  public var pageCount = 64
  /// How long, in nanoseconds.
  public var duration: UInt64 = 2_000_000_000
  /// The KVM device.
  public var device: FilePath = "/dev/kvm"

  /// Each vCPU has a cache line of its own in every page.
  public static let maximumCPUs = StressMemory.cellsPerPage
  /// 64 MiB.
  public static let maximumPages = 16384

  public init(interface: DirtyLogInterface) {
    self.interface = interface
  }

  /// Checks every setting against the limits.
  public func validate() throws(VMMError) {
    guard (1...Self.maximumCPUs).contains(cpuCount) else {
      throw VMMError(
        .usage, "\(cpuCount) vCPUs: choose 1 to \(Self.maximumCPUs) with --cpus")
    }
    guard (1...Self.maximumPages).contains(pageCount) else {
      throw VMMError(
        .usage, "\(pageCount) pages: choose 1 to \(Self.maximumPages) with --pages")
    }
  }

  /// Runs the stress for ``duration``, with several stops a second.
  ///
  /// - Throws: ``VMMError`` of the kind `host` where the interface is missing or the guest cannot
  ///   run. What the log gets wrong is part of the outcome.
  public func run() throws(VMMError) -> StressOutcome {
    try validate()
    let machine = try StressMachine(self)
    var observer = StressObserver(machine, order: order)
    let deadline = monotonicNanoseconds() &+ duration
    repeat {
      try machine.start()
      let end = min(deadline, monotonicNanoseconds() &+ observer.nextRoundLength())
      observer.beginRound()
      do throws(KVMError) {
        while monotonicNanoseconds() < end, !machine.hasFailed { try observer.step() }
      } catch {
        _ = machine.stop()
        throw VMMError(error)
      }
      if let failure = machine.stop() { throw failure }
      do throws(KVMError) { try observer.finishRound() } catch { throw VMMError(error) }
    } while monotonicNanoseconds() < deadline
    return observer.outcome
  }
}

/// What a ``DirtyLogStress`` has seen.
public struct StressOutcome: Equatable, Sendable {
  /// Harvests while the vCPUs ran.
  public internal(set) var harvests: UInt64 = 0
  /// Times that all vCPUs were stopped, and the copy was compared with the guest's memory.
  public internal(set) var stops: UInt64 = 0
  /// Stores that the guest made.
  public internal(set) var stores: UInt64 = 0
  /// Pages that the harvests reported, each time they did.
  public internal(set) var pagesReported: UInt64 = 0
  /// Times that a page had changed before a harvest began and was missing from it. Expected: while
  /// a vCPU runs a harvest is a lower bound (R2).
  public internal(set) var lateReports: UInt64 = 0
  /// The most harvests in a row that missed the same change.
  public internal(set) var longestLateness: UInt64 = 0
  /// Pages that were late when the vCPUs were stopped, and that the last harvest brought.
  public internal(set) var lateAtStop: UInt64 = 0
  /// Pages that differed from their copy after the last harvest. None, unless the copy was made in
  /// the wrong order (R3).
  public internal(set) var lostPages: UInt64 = 0
}
