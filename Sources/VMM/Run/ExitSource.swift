import KVM

/// What the exit loop runs: a vCPU, or a stand-in that replays exits.
///
/// The loop is specialised for each, so the seam costs nothing.
protocol ExitSource: ~Copyable {
  borrowing func run() throws(KVMError) -> VCPUExit
}

extension VCPU: ExitSource {}
