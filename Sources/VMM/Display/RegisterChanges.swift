import Synchronization

/// Tells a sleeping flusher that the display's registers have changed.
///
/// A page flip, another palette or another mode is visible and stores nothing, so neither the dirty
/// log nor the write trap knows of it. A flusher that ticks looks at the registers by itself.
final class RegisterChanges: Sendable {
  private let isAwaited = Atomic(false)
  private let event = OnceBox<EventDescriptor>()

  /// What is raised at a change while it is awaited.
  func connect(_ event: EventDescriptor) {
    self.event.set { event }
  }

  /// Asks to be told, or not any more. Whoever asks looks at the registers once more afterwards, and
  /// sleeps only then: a change is either seen by that look or told.
  func await(_ isAwaited: Bool) {
    self.isAwaited.store(isAwaited, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Call it after a change can be seen. One load while the flusher ticks.
  func note() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    guard isAwaited.load(ordering: .relaxed) else { return }
    event.value?.signal()
  }
}
