import Glibc
import VMM

/// Writes the exact picture of a running machine, over the one before, to the file of `--screenshot`.
struct LiveScreenshot {
  /// nil without the option.
  let screenshot: Screenshot?

  /// - Returns: What to tell the user: where the picture is, or why there is none. The guest goes on
  ///   in either case.
  func write(_ machine: Machine) -> Result<String, VMMError> {
    guard let screenshot else {
      return .failure(
        VMMError(.usage, "screenshot: no file is named; start with --screenshot FILE"))
    }
    guard !screenshot.mayBlock else {
      return .failure(
        VMMError(
          .usage,
          "screenshot \(screenshot.name): is a stream, which takes the last frame only; "
            + "name a file with --screenshot"))
    }
    do throws(VMMError) {
      try screenshot.write(machine.captureFrame())
      return .success("the picture is in \(screenshot.name)")
    } catch {
      return .failure(error)
    }
  }
}
