import KVM

extension KernelCounters {
  /// What `statistics` tell now; nil if they cannot be read. They are for reading by people and
  /// programs: their lack is no reason to fail.
  init?(_ object: String, _ statistics: borrowing BinaryStatistics) {
    var counters: [KernelCounter] = []
    for descriptor in statistics.descriptors {
      guard let values = try? statistics.values(of: descriptor) else { return nil }
      guard values.contains(where: { $0 != 0 }) else { continue }
      counters.append(KernelCounter(name: descriptor.name, values: values))
    }
    self.object = object
    self.counters = counters
  }
}
