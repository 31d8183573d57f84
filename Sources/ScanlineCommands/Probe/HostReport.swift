import KVM
import SystemPackage
import VMM

/// What `probe` tells about a host.
struct HostReport: Report {
  /// One capability of KVM, and what it is for.
  struct Feature: Encodable {
    let name: String
    let purpose: String
    let isRequired: Bool
    /// What KVM_CHECK_EXTENSION said; 0 means absent.
    let value: Int

    var isPresent: Bool { value != 0 }
  }

  let device: String
  /// What KVM_GET_API_VERSION says; ``Hypervisor`` accepts no other.
  let apiVersion = 12
  let features: [Feature]
  let modes: [ModeProbe.Result]
  /// What `--dirty-log auto` chooses, and all that can be chosen.
  let dirtyLog: String
  let dirtyLogs: [String]
  /// Why the display cannot sleep until the next store; absent if it can.
  let writeTrapFailure: String?

  /// Whether any machine can run here.
  let isUsable: Bool

  private static let optional: [(capability: Capability, purpose: String)] = [
    (.irqchip, "interrupt controllers in the kernel, several vCPUs"),
    (.pit2, "the programmable interval timer"),
    (.splitIRQChip, "local APICs in the kernel, the rest here"),
    (.manualDirtyLogProtect2, "re-protecting only the pages that were read"),
    (.dirtyLogRing, "a dirty log per vCPU"),
    (.coalescedPIO, "batched serial output"),
    (.ioEventFD, "doorbells without an exit"),
    (.irqFD, "interrupts from another thread or process"),
    (.signalMSI, "message-signalled interrupts"),
    (.setGuestDebug, "breakpoints and single steps"),
    (.getTSCFrequency, "telling the guest its time-stamp counter's frequency"),
    (.binaryStatistics, "the kernel's statistics"),
  ]

  /// - Throws: ``VMMError`` of the kind `host` if `device` is not a usable KVM device.
  init(device: FilePath) throws(VMMError) {
    self.device = device.string
    do {
      let hypervisor = try Hypervisor(path: device)
      func feature(_ capability: Capability, _ purpose: String, isRequired: Bool) -> Feature {
        Feature(
          name: capability.description, purpose: purpose, isRequired: isRequired,
          value: hypervisor.checkExtension(capability))
      }
      features =
        HostRequirements.required.map { feature($0.capability, $0.purpose, isRequired: true) }
        + Self.optional.map { feature($0.capability, $0.purpose, isRequired: false) }
      dirtyLog = DirtyLogInterface.best(on: hypervisor).rawValue
      var available: [String] = []
      for interface in DirtyLogInterface.allCases where interface.isAvailable(on: hypervisor) {
        available.append(interface.rawValue)
      }
      dirtyLogs = available
    } catch {
      throw VMMError(error)
    }
    writeTrapFailure =
      if case .slowTicks(let error) = IdleMode.detect() { "\(error)" } else { nil }
    isUsable = features.allSatisfy { $0.isPresent || !$0.isRequired }
    modes = isUsable ? ModeProbe.all.map { $0.run(on: device) } : []
  }

  var lines: [String] {
    var lines = ["\(device): KVM API \(apiVersion)", "", "Needed by every machine:"]
    lines += features.filter(\.isRequired).map(Self.line)
    lines += ["", "Needed by some:"]
    lines += features.filter { !$0.isRequired }.map(Self.line)
    lines += ["", "A few instructions run as:"]
    lines += modes.map { "  \(mark($0.works)) \($0.name): \($0.works ? "works" : $0.outcome)" }
    lines += ["", "The display:"]
    lines += [
      "  \(dirtyLog) is the dirty log by default; also: \(dirtyLogs.joined(separator: ", "))"
    ]
    lines.append(
      writeTrapFailure.map {
        "  while nothing is drawn it ticks a few times a second: userfaultfd failed (\($0)); "
          + "access to /dev/userfaultfd on Linux 6.4 would let it sleep"
      } ?? "  while nothing is drawn it sleeps until the next store (userfaultfd)")
    lines += ["", isUsable ? "Machines can run here." : "No machine can run here."]
    return lines
  }

  private static func line(_ feature: Feature) -> String {
    "  \(mark(feature.isPresent)) \(feature.name): \(feature.purpose)"
  }
}

private func mark(_ isPresent: Bool) -> String {
  isPresent ? "yes" : "no "
}
