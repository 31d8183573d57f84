import ArgumentParser
import Glibc
import VMM

/// How long it takes to bring the vCPUs of a machine to rest.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "From pause() until every vCPU has left KVM_RUN.")

  /// Microseconds from the call of pause() to its return.
  private static let limit = 200.0

  @OptionGroup var options: FigureOptions

  func run() throws {
    var figure = Figure(title: "Pause to all stopped", unit: "us", digits: 1)
    let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    for cpus in Set([1, processors, 8]).sorted() {
      for guest in RestlessGuest.allCases {
        let samples = try measure(guest, cpus: cpus)
        figure.rows.append(
          Row(
            label: "\(guest.label), \(cpus) vCPU\(cpus == 1 ? "" : "s")", samples: samples,
            // More vCPUs than processors queue up to stop, so that no host is idle for them.
            target: cpus <= processors ? .median(Self.limit) : nil))
      }
    }
    try options.report([figure])
  }

  private func measure(_ guest: RestlessGuest, cpus: Int) throws -> Samples {
    var configuration = MachineConfiguration()
    configuration.memorySize = 2 << 20
    configuration.cpuCount = cpus
    configuration.interruptController = .kernel
    configuration.framebuffer = nil
    let machine = try Machine(
      configuration, image: FlatImage(ImageFile(name: guest.label, bytes: guest.code), mode: .long))
    try machine.start()
    var samples = Samples()
    for _ in 0..<(options.runs ?? 1000) {
      // Time for the vCPUs to get where they spend their lives.
      usleep(1000)
      samples.append(duration { machine.pause() } * 1e6)
      machine.resume()
    }
    machine.stop(.quit)
    _ = machine.wait()
    return samples
  }
}

/// What vCPU 0 does when it is paused; the others wait for SIPI.
private enum RestlessGuest: CaseIterable {
  case user
  case halted
  case kernel

  var label: String {
    switch self {
    case .user: "spinning at CPL 3"
    case .halted: "in hlt"
    case .kernel: "spinning at CPL 0"
    }
  }

  /// Entered at 0x100000, in long mode at CPL 0.
  var code: [UInt8] {
    switch self {
    case .user:
      [
        0x6A, 0x23,  // push $0x23: ss, user data
        0x54,  // push %rsp
        0x6A, 0x02,  // push $2: rflags
        0x6A, 0x2B,  // push $0x2B: cs, user code
        0x68, 0x0E, 0x00, 0x10, 0x00,  // push $0x10000E: rip
        0x48, 0xCF,  // iretq
        0xEB, 0xFE,  // jmp .
      ]
    case .halted: [0xFB, 0xF4, 0xEB, 0xFC]  // 1: sti; hlt; jmp 1b
    case .kernel: [0xEB, 0xFE]  // jmp .
    }
  }
}
