/// A lock that whoever comes first gets.
struct Spinlock {
  /// A word that is 1 while the lock is held.
  let address: UInt64

  func withLock(_ body: () -> Void) {
    while atomicExchange32(address, 1) != 0 {
      while memoryRead32(address) != 0 { relax() }
    }
    body()
    memoryWrite32(address, 0)
  }
}

/// A lock that CPUs get in the order in which they came.
struct TicketLock {
  /// The next ticket, followed by the ticket that is served.
  let address: UInt64

  func withLock(_ body: () -> Void) {
    let ticket = atomicAdd32(address, 1)
    while memoryRead32(address + 4) != ticket { relax() }
    body()
    memoryWrite32(address + 4, ticket &+ 1)
  }
}
