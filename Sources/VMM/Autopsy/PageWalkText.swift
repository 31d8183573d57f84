import CKVM
import KVM

extension VCPUState {
  /// The walks; a walk begins after the entries that it shares with the one before.
  var walks: [String] {
    if case .unpaged = instructionWalk.outcome {
      return [
        "paging is off: rip \(describe(instructionWalk)), stack \(describe(stackWalk))"
      ]
    }
    var shown = [
      ("rip", instructionWalk), (mode.bits == 64 ? "rsp-8" : "stack", stackWalk),
    ]
    // Without a page fault CR2 is 0, and nobody's address.
    if specialRegisters.cr2 != 0 { shown.append(("cr2", faultWalk)) }
    var lines: [String] = []
    var previous: [PageWalk.Entry] = []
    for (name, walk) in shown {
      let shared = zip(walk.entries, previous).prefix { $0 == $1 }.count
      previous = walk.entries
      lines.append("walk of \(name) \(describe(walk))")
      if shared > 0 {
        let names = walk.entries.prefix(shared).map { "\($0.name)[\($0.index)]" }
        lines.append("  \(names.joined(separator: ", ")) as above")
      }
      lines += walk.entries.dropFirst(shared).map(describe)
    }
    return lines
  }

  private func describe(_ walk: PageWalk) -> String {
    let start = "\(pad(walk.linear, 8)) -> "
    guard let physical = walk.physical else { return "\(start)nothing: \(walk.failure)" }
    let place =
      switch map.place(of: physical) {
      case .ram: "RAM"
      case .framebuffer: "framebuffer"
      case .nothing: "no memory"
      }
    if case .mapped(_, let size) = walk.outcome {
      return "\(start)\(pad(physical, 8)), \(place), \(Self.describe(pageSize: size)) page"
    }
    return "\(start)\(place)"
  }

  private static func describe(pageSize: UInt64) -> String {
    switch pageSize {
    case 1 << 30: "1 GiB"
    case 4 << 20: "4 MiB"
    case 2 << 20: "2 MiB"
    default: "4 KiB"
    }
  }

  /// The flags as the SDM abbreviates them.
  private func describe(_ entry: PageWalk.Entry) -> String {
    let flags: [(UInt64, String)] = [
      (0, "P"), (1, "W"), (2, "U"), (5, "A"), (6, "D"), (7, entry.name == "PTE" ? "PAT" : "PS"),
      (63, "NX"),
    ]
    let set = flags.filter { bit, _ in entry.value >> bit & 1 != 0 }.map(\.1)
    let names = entry.value & 1 != 0 ? set : ["not present"]
    return "  \(entry.name)[\(entry.index)] at \(pad(entry.address, 1)): \(pad(entry.value, 1)) "
      + names.joined(separator: " ")
  }
}
