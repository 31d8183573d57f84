// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "scanline",
  products: [
    .executable(name: "scanline", targets: ["scanline"]),
    .library(name: "KVM", targets: ["KVM"]),
    .library(name: "Devices", targets: ["Devices"]),
    .library(name: "Display", targets: ["Display"]),
    .library(name: "VMM", targets: ["VMM"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CKVM"),
    .systemLibrary(name: "CReferenceLoop"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "KVM", dependencies: ["CKVM", system], swiftSettings: strict),
    .target(name: "Devices", swiftSettings: strict),
    .target(
      name: "Display", dependencies: ["CZlib"],
      // For the prefetch instruction (Prefetch.swift).
      swiftSettings: strict + [.enableExperimentalFeature("BuiltinModule")]),
    .target(
      name: "VMM", dependencies: ["CKVM", "KVM", "Devices", "Display", system],
      swiftSettings: strict),
    .target(
      name: "ScanlineCommands",
      dependencies: ["CKVM", "KVM", "VMM", "Devices", "Display", argumentParser, system],
      swiftSettings: strict),
    .executableTarget(
      name: "scanline", dependencies: ["ScanlineCommands"], swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: [system], path: "Tests/TestSupport",
      swiftSettings: strict),
    .executableTarget(
      name: "scanline-bench",
      dependencies: [
        "CReferenceLoop", "CKVM", "KVM", "VMM", "Devices", "Display", argumentParser, system,
      ],
      path: "Sources/ScanlineBenchmarks", swiftSettings: strict),
    .testTarget(
      name: "KVMTests", dependencies: ["KVM", "CKVM", "TestSupport", system], swiftSettings: strict),
    .testTarget(
      name: "DevicesTests", dependencies: ["Devices", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DisplayTests", dependencies: ["Display", "CZlib", "TestSupport"], swiftSettings: strict
    ),
    .testTarget(
      name: "VMMTests",
      dependencies: ["VMM", "KVM", "CKVM", "Devices", "Display", "TestSupport", system],
      swiftSettings: strict),
    .target(name: "CProcess", path: "Tests/CProcess"),
    .testTarget(
      name: "ScanlineTests",
      dependencies: [
        "ScanlineCommands", "scanline", "Devices", "VMM", "Display", "CProcess", "TestSupport",
        argumentParser, system,
      ],
      swiftSettings: strict),
  ]
)

// libFuzzer brings the main function, so this builds with `--sanitize=fuzzer` alone: see `scripts/fuzz`.
if Context.environment["SCANLINE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "scanline-fuzz", dependencies: ["KVM", "VMM"], path: "Sources/ScanlineFuzz",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
