public import Devices
public import Display
import Synchronization

/// Pausing, resetting, and looking at a machine whose vCPUs are at rest.
///
/// All of it may be called from any thread but those that the vCPUs may be waiting for: not from a
/// ``FrameSink``, and not from ``MachineConfiguration/onReboot``. A vCPU that waits in a device, for a
/// full pipe or for the next frame, is let go for it.
extension Machine {
  /// Stops all vCPUs for a while.
  ///
  /// When it returns, every vCPU has left `KVM_RUN` and completed its pending I/O: registers, RAM, the
  /// dirty log and the devices are exact, and stay so until ``resume()``. Time goes on: the guest's
  /// clocks and timers run, and interrupts that they raise wait. So do input, ticks of the display, and
  /// whatever else the host does.
  ///
  /// Pauses are counted: the vCPUs go on after as many calls of ``resume()``. A machine that is paused
  /// before ``start()`` starts paused. One that is stopping is waited for; one that has stopped is at
  /// rest already.
  public func pause() {
    control.pause()
  }

  /// Takes back one ``pause()``, by whatever thread. Without one it does nothing.
  public func resume() {
    control.endPause()
  }

  /// Resets the machine: vCPUs, interrupt controllers, timer, devices, RAM and video memory are as
  /// before ``start()``, and the guest begins again.
  ///
  /// What is the host's stays: input that the guest has not read, output that waits to be written, the
  /// sinks, the statistics. A machine that is paused stays paused. One that is stopping or has stopped
  /// is left as it is. The kernel's clock for guests (kvmclock) runs on; the time-stamp counters start
  /// again at 0 where KVM lets them be set.
  ///
  /// - Throws: ``VMMError`` if the image cannot be read again, or KVM refuses a state. The machine
  ///   then cannot go on, and stops with the same failure.
  public func reset() throws(VMMError) {
    do {
      try resetter.reset()
    } catch {
      stop(.failure(error))
      throw error
    }
  }

  /// Asks for a reset on behalf of the guest, and does not wait: what a reset port calls, in the
  /// vCPU's own thread. ``MachineConfiguration/resetAction`` says what becomes of it.
  public func requestReset(cause: ResetCause) {
    // Before the start there is no guest to ask, and nobody to perform it.
    guard wasStarted.load(ordering: .acquiring) else { return }
    resets.request(cause)
  }

  /// The exact picture of a moment: stops the vCPUs, takes in all that they have drawn (R3 of
  /// <doc:DirtyLogContract>), copies it, and lets them go on. If the guest ends its frames itself
  /// (``MachineConfiguration/isPresentedByGuest``), it is the last that it has ended.
  ///
  /// - Returns: An empty frame if the machine has no framebuffer, or the guest has switched it off.
  public func captureFrame() -> Frame {
    control.withRest { flusher?.capture() ?? Frame() }
  }
}
