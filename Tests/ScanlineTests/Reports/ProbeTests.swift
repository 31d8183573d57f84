import Foundation
import Glibc
import TestSupport
import Testing

@Suite("scanline probe", .generousTimeLimit)
struct ProbeTests {
  /// What `--format json` promises to programs.
  private struct Report: Decodable {
    struct Feature: Decodable {
      let name: String
      let purpose: String
      let isRequired: Bool
      let value: Int
    }

    struct Mode: Decodable {
      let name: String
      let works: Bool
      let outcome: String
    }

    let device: String
    let apiVersion: Int
    let isUsable: Bool
    let features: [Feature]
    let modes: [Mode]
  }

  @Test("a usable host", .needsKVM)
  func usable() throws {
    let run = try Scanline.run("probe", "--format", "json")
    #expect(run.end == .status(0))
    #expect(run.errors == "")
    let report = try JSONDecoder().decode(Report.self, from: Data(run.output))
    #expect(report.isUsable)
    #expect(report.apiVersion == 12)
    #expect(report.device == "/dev/kvm")
    #expect(report.features.contains { $0.name == "KVM_CAP_USER_MEMORY" && $0.isRequired })
    #expect(report.features.allSatisfy { $0.value != 0 || !$0.isRequired })
    #expect(report.features.allSatisfy { !$0.purpose.isEmpty })
    // Every host that this runs on has what the guests of these tests need.
    for mode in report.modes where mode.name.hasSuffix("mode") || mode.name.hasSuffix("CPL 0") {
      #expect(mode.works, "\(mode.name): \(mode.outcome)")
    }
    #expect(report.modes.count == 6)
  }

  @Test("text has a line for every feature and mode of the JSON", .needsKVM)
  func text() throws {
    let json = try Scanline.run("probe", "--format", "json")
    let report = try JSONDecoder().decode(Report.self, from: Data(json.output))
    let run = try Scanline.run("probe")
    #expect(run.end == .status(0))
    let lines = ScanlineTests.text(run.output).split(separator: "\n").map(String.init)
    for feature in report.features {
      let mark = feature.value == 0 ? "no " : "yes"
      #expect(lines.contains("  \(mark) \(feature.name): \(feature.purpose)"))
    }
    for mode in report.modes {
      #expect(
        lines.contains { $0.contains(mode.name) && $0.hasPrefix(mode.works ? "  yes" : "  no") })
    }
    #expect(lines.last == "Machines can run here.")
  }
}

@Suite("Hosts without a usable KVM", .generousTimeLimit)
struct MissingKVMTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// Every command that needs the device.
  private static let commands = ["run", "demo", "probe", "verify"]

  private func arguments(_ command: String, device: String) throws -> [String] {
    let image = try directory.write([0xFA, 0xF4], to: "halt.bin")
    return (command == "run" ? ["run", image] : [command]) + ["--device", device]
  }

  private func expectRefusal(
    _ command: [String], _ reasons: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let run = try Scanline.finish(ChildProcess(command, directory: directory.path))
    #expect(run.end == .status(72), sourceLocation: sourceLocation)
    #expect(run.output == [], sourceLocation: sourceLocation)
    #expect(run.errorLines.count == 1, sourceLocation: sourceLocation)
    for reason in reasons {
      #expect(run.errors.contains(reason), sourceLocation: sourceLocation)
    }
    #expect(!directory.names.contains { $0.hasSuffix(".ppm") }, sourceLocation: sourceLocation)
  }

  @Test("no device", arguments: commands)
  func missing(command: String) throws {
    let device = directory.file("kvm")
    try expectRefusal(
      [Scanline.path] + arguments(command, device: device), device, "No such file or directory",
      "kvm_intel or kvm_amd")
  }

  @Test("a device that is something else", arguments: commands)
  func otherDevice(command: String) throws {
    try expectRefusal(
      [Scanline.path] + arguments(command, device: "/dev/null"), "does not name a KVM device")
  }

  @Test("no permission: the group is named", arguments: commands)
  func noPermission(command: String) throws {
    let device = try directory.write([], to: "kvm", mode: 0)
    unsafe chmod(directory.path, 0o755)
    let command = try [Scanline.path] + arguments(command, device: device)
    // The superuser may open everything.
    let user =
      getuid() == 0
      ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    // The picture of the demonstration is not what is refused here.
    unsafe chmod(directory.path, 0o777)
    try expectRefusal(user + command, "Permission denied", "group kvm")
  }
}
