import Devices
import Synchronization

/// Lets time pass for the devices in which something happens by itself.
///
/// One thread for all of them. It starts when the first device has something to wait for: most guests
/// never set a timer, and a thread costs them as much as a device.
final class DeviceTimers: Sendable {
  private struct State {
    var devices: [any TimedDevice] = []
    var thread: Thread?
    var isEnded = false
  }

  /// Nanoseconds.
  private static let shortestSleep: UInt64 = 50_000

  private let state = Mutex(State())
  private let alarm = Alarm()

  /// The clock that a timed device of this machine takes.
  var clock: DeviceClock {
    DeviceClock(now: { monotonicNanoseconds() }, deadlineChanged: { [weak self] in self?.update() })
  }

  /// Takes in a device, before the machine runs.
  func add(_ device: any TimedDevice) {
    state.withLock { $0.devices.append(device) }
  }

  /// Ends the thread, and waits until it has ended.
  func end() {
    let thread = state.withLock { state in
      state.isEnded = true
      return state.thread
    }
    alarm.ring()
    thread?.join()
  }

  /// Some device's deadline may have become earlier.
  private func update() {
    state.withLock { state in
      guard state.thread == nil, !state.isEnded,
        state.devices.contains(where: { $0.deadline != nil })
      else { return }
      // Without a thread no timer of this guest fires: no worse than a host that is too busy.
      state.thread = try? Thread(name: "timers") { [self] in run() }
    }
    alarm.ring()
  }

  private func run() {
    let devices = state.withLock { $0.devices }
    while !state.withLock({ $0.isEnded }) {
      let now = monotonicNanoseconds()
      var next: UInt64?
      for device in devices {
        if let deadline = device.deadline, deadline <= now { device.advance(to: now) }
        if let deadline = device.deadline { next = min(next ?? deadline, deadline) }
      }
      // A hostile guest may ask for a million ticks a second. Devices coalesce what comes late.
      alarm.wait(until: next.map { max($0, now &+ Self.shortestSleep) })
    }
  }
}
