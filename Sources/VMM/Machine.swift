public import Devices
public import Display
import KVM
import Synchronization

/// A whole machine: RAM, vCPUs on their threads, a serial port, a framebuffer.
///
/// ```swift
/// let image = try FlatImage(ImageFile(path: "hello.bin"))
/// let machine = try Machine(MachineConfiguration(), image: image)
/// try machine.start()
/// let ending = machine.wait()
/// ```
///
/// Every method may be called from any thread. A process that runs machines should ignore SIGPIPE, so
/// that a reader who goes away is an ``Ending`` and not the end of the process.
public final class Machine: Sendable {
  let memory: GuestMemory
  let control: RunControl
  let vcpus: [VCPUThread]
  let assistCounters: AssistCounters
  let virtualMachine: SharedMachine
  /// nil where every byte that the guest sends is an exit.
  let coalesced: CoalescedWrites?
  let coalescedSerial: CoalescedSerialPort?
  private let tracer: Tracer?
  private let ports: PortBus
  private let debugPorts: DebugPorts
  /// nil unless the guest has a BIOS to call.
  let bios: BIOS?
  let flusher: Flusher?
  private let timers: DeviceTimers
  private let haltMonitor = OnceBox<HaltMonitor>()
  private let monitorsHalts: Bool
  let resets: ResetPolicy
  let resetter: Resetter
  private let onReboot: @Sendable (Reboot) -> Void
  let wasStarted = Atomic(false)

  /// The keyboard and the mouse; the host presses keys and moves here.
  public let keyboard: KeyboardController8042
  /// COM1; its host end takes input with ``SerialPort/enqueue(_:)``.
  public let serial: SerialPort
  /// What the serial port and the debug console have sent.
  public let serialOutput: SerialWriter
  /// Raised when the serial port's input queue has room again.
  public let inputLow: EventDescriptor

  /// Builds the machine and loads `image`; nothing runs yet.
  public convenience init(
    _ configuration: MachineConfiguration, image: FlatImage
  ) throws(VMMError) {
    try self.init(configuration, booting: .flat(image))
  }

  /// Builds the machine and loads `image` by its boot protocol; nothing runs yet.
  public init(_ configuration: MachineConfiguration, booting image: BootImage) throws(VMMError) {
    try configuration.validate()
    try image.validate(memorySize: configuration.memorySize)
    try configuration.vga.validate(image)
    let configuration = try image.adapted(configuration)
    let control = try RunControl()
    let inputLow = try EventDescriptor()
    self.control = control
    self.inputLow = inputLow

    let hypervisor = try onHost { () throws(KVMError) in try Hypervisor(path: configuration.device)
    }
    try HostRequirements.check(hypervisor)
    let board = try Board(
      hypervisor, configuration, hasVGA: configuration.vga.isPresent(for: image))
    let memory = board.memory
    self.memory = memory
    virtualMachine = board.machine
    let tracer = try configuration.trace.map { trace throws(VMMError) in
      try Tracer(trace, stopEvent: control.stopEvent)
    }
    self.tracer = tracer
    var interrupts = board.interrupts
    interrupts.tracer = tracer
    let cpuid = try onHost { () throws(KVMError) in try hypervisor.supportedCPUID() }
    let loader = try image.loader(memorySize: configuration.memorySize)
    let initialMemory = InitialMemory(loader, on: board, configuration, processor: cpuid)
    try initialMemory.write(to: memory)
    let resets = ResetPolicy(action: configuration.resetAction, control: control)
    self.resets = resets
    onReboot = configuration.onReboot

    serialOutput = try SerialWriter(
      descriptor: configuration.serialOutput, restEvent: control.restEvent
    ) { control.stop($0.ending) }
    let serial = SerialPort(
      interrupt: interrupts.line(4),
      output: tracer?.tracing(serialOutput) ?? serialOutput, onInputLow: { inputLow.signal() })
    self.serial = serial
    let bootProcessor = try board.makeVCPU(id: 0, cpuid: cpuid, entry: loader)
    let coalesced = CoalescedWrites(
      bootProcessor, isWanted: configuration.coalescesSerialOutput, device: serial, tracer: tracer)
    self.coalesced = coalesced
    coalescedSerial = try coalesced.map { [serialOutput] writes throws(VMMError) in
      try CoalescedSerialPort(
        serial, machine: board.machine, writes: writes, stopEvent: control.stopEvent,
        onTick: { _ = serialOutput.flush() })
    }
    var claims: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)] = [
      ([serial.ports], coalescedSerial ?? serial)
    ]
    let flusher = try board.video.map { video throws(VMMError) in
      try Flusher(
        video: video, sinks: configuration.sinks,
        pace: Flusher.Pace(configuration), policy: configuration.hotPagePolicy, control: control,
        tracer: tracer, onUnsupportedMode: configuration.onUnsupportedVideoMode)
    }
    self.flusher = flusher
    if let video = board.video {
      claims.append((BochsDisplay.ports, video.display))
      // Behind the display, which has its DAC: a reset goes in this order.
      if let vga = video.vga { claims.append((VGA.ports, vga)) }
    }
    if let flusher, configuration.isPresentedByGuest {
      claims.append(([PresentDoorbell.port], PresentDoorbell { flusher.present() }))
    }
    let timers = DeviceTimers()
    self.timers = timers
    let system = SystemDevices(
      interrupts, memory: memory, timers: timers, control: control, onReset: { resets.request($0) })
    keyboard = system.keyboard
    claims += system.claims
    claims += configuration.portDevices
    let testDevices = TestDevices(configuration, interrupts: interrupts, memory: memory)
    claims += testDevices.ports
    debugPorts = try DebugPorts(
      exitPorts: configuration.debugExitPorts, beside: claims,
      reserved: image.hasBIOS ? [BIOSROM.port...BIOSROM.port] : [], output: serialOutput,
      control: control)
    claims += debugPorts.claims
    let ports = PortBus(claims, callPort: image.hasBIOS ? BIOSROM.port : nil)
    self.ports = ports
    let bios = BIOS(
      for: image, on: board, ports: ports,
      teletype: configuration.printsTeletype ? serialOutput : nil,
      control: control, resets: resets, tracer: tracer)
    self.bios = bios
    let memoryClaims: [MMIOBus.Claim] =
      (interrupts.ioapic.map { [(IOAPIC.address, IOAPIC.size, $0)] } ?? []) + testDevices.memory
    monitorsHalts = interrupts.arrangement.hasLocalAPICs
    assistCounters = AssistCounters()
    let assembly = VCPUAssembly(
      inventory: try onHost { () throws(KVMError) in
        try SavedVCPU.Inventory(
          of: hypervisor, hasLocalAPIC: interrupts.arrangement.hasLocalAPICs)
      },
      ports: ports, memory: MMIOBus(memoryClaims), coalesced: coalesced,
      map: PhysicalMap(
        memory: memory, framebufferSize: UInt64(board.video?.framebufferSize ?? 0),
        hasVGA: board.video?.vga != nil),
      resetsAtShutdown: cpuid.vendorResetsAtShutdown, dirtyLog: board.video?.log,
      interrupts: interrupts, control: control, resets: resets, bios: bios, tracer: tracer,
      assistMemory: AssistMemory(ram: memory, video: board.video),
      assistCounters: configuration.assistsEmulation ? assistCounters : nil)
    var vcpus = [try assembly.thread(running: bootProcessor, on: hypervisor)]
    for id in 1..<UInt32(configuration.cpuCount) {
      let vcpu = try board.makeVCPU(id: id, cpuid: cpuid, entry: nil)
      vcpus.append(try assembly.thread(running: vcpu, on: hypervisor))
    }
    self.vcpus = vcpus
    if let first = vcpus.first { interrupts.externalInterrupt.connect(first) }
    resetter = Resetter(
      Resetter.Parts(
        board: board.machine, interruptControllers: board.interruptControllerState, vcpus: vcpus,
        memory: memory, initialMemory: initialMemory, flusher: flusher,
        // Behind coalesced writes there is the port itself.
        devices: [serial] + claims.map(\.device) + memoryClaims.map(\.device)
          + (bios.map { [$0] } ?? [])),
      control: control)
  }

  deinit {
    control.stop(.quit)
    join()
    tracer?.abandon()
  }

  /// Lets the vCPUs run. A machine runs once: a second call does nothing.
  public func start() throws(VMMError) {
    guard !wasStarted.exchange(true, ordering: .acquiringAndReleasing) else { return }
    do {
      try tracer?.begin()
      try flusher?.start()
      try resetter.start(resets.action, onReboot: onReboot)
      // Before the vCPUs: KVM hands out a vCPU's statistics only while it does not run.
      if monitorsHalts {
        try haltMonitor.set { () throws(VMMError) in
          try HaltMonitor(vcpus: vcpus, control: control)
        }
      }
      for vcpu in vcpus { try vcpu.start() }
    } catch {
      control.stop(.failure(error))
      join()
      throw error
    }
  }

  /// Stops the machine, unless it is stopping already, and does not wait for it.
  public func stop(_ ending: Ending) {
    control.stop(ending)
  }

  /// Resets so far, those by ``reset()`` included.
  public var resetCount: UInt64 { resetter.count }

  /// Readable in `poll(2)` once the machine is stopping.
  public var stopEvent: EventDescriptor { control.stopEvent }

  /// Waits until the machine has stopped: no vCPU runs any more, and their pending I/O is complete. A
  /// machine that is paused and never resumed stops only when it is told to.
  public func wait() -> Ending {
    join()
    control.withRest { flusher?.finish() }
    return (control.ending ?? .quit).addingPOSTCodes(postCodes)
  }

  /// Writes what is left of the trace after ``wait()``, and waits for a slow reader. Without this
  /// call the machine's end drops what cannot be written at once.
  ///
  /// - Returns: Why the trace is not complete, if it is not.
  @discardableResult
  public func finishTrace() -> VMMError? {
    tracer?.finish().map {
      VMMError(.io, "trace: \($0); make room for it or send it elsewhere with --trace-file")
    }
  }

  /// Lends the picture: while the machine runs what can be seen of it now (R2), after ``wait()`` the
  /// exact last frame (R3). An empty frame if the machine has no framebuffer.
  public func withFrame<Result, Failure: Error>(
    _ body: (borrowing Frame) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let flusher else { return try body(Frame()) }
    flusher.flush()
    return try flusher.withFrame(body)
  }

  /// Shows the picture to one more sink, from a full frame on, also while the machine runs.
  ///
  /// - Returns: What ``detach(_:)`` takes; nil if the machine has no framebuffer.
  public func attach(_ sink: any FrameSink & Sendable) throws(VMMError) -> SinkID? {
    try flusher?.attach(sink)
  }

  /// Ends what ``attach(_:)`` began, and returns the sink as it is now; nil if it failed before.
  @discardableResult
  public func detach(_ id: SinkID) -> (any FrameSink & Sendable)? {
    flusher?.detach(id)
  }

  /// Tells that the user did something, so that what it causes is shown at full rate.
  public func noteInput() {
    flusher?.noteActivity()
  }

  /// What the flusher has done so far; nil if the machine has no framebuffer.
  public var flushStatistics: FlushStatistics? { flusher?.statistics }

  /// Whether the flusher waits for something to be drawn.
  var isDisplayAsleep: Bool { flusher?.isAsleep ?? true }

  /// What kept the display from being flushed or shown, if anything did.
  public var displayFailure: (any Error)? { flusher?.failure }

  /// What the guest did that nothing answered.
  public var unclaimedAccesses: UnclaimedAccessStatistics { ports.unclaimed.statistics }

  /// The last codes that the guest wrote to the POST port, 0x80, in order.
  public var postCodes: [UInt8] { debugPorts.postCodes.recentCodes }

  /// How often the guest has told by `pvpanic` that its crash kernel takes over.
  public var crashLoadedCount: UInt64 { debugPorts.panic.crashLoadedCount }
  /// Where each vCPU was when the time limit, or the crash of one of them, stopped the machine. Empty
  /// before ``wait()`` has returned, and after other endings.
  public var lastStates: [VCPUState] { vcpus.compactMap(\.lastState) }

  /// A copy of `count` bytes of RAM at `address`; nil unless all of them are RAM. Exact after
  /// ``wait()``.
  public func readMemory(_ count: Int, at address: GuestAddress) -> [UInt8]? {
    memory.read(count, at: address)
  }

  /// A copy of `bytes` of video memory, visible or not; nil unless the machine has all of them. Exact
  /// after ``wait()``.
  package func readVideoMemory(_ bytes: Range<Int>) -> [UInt8]? {
    flusher?.readVideoMemory(bytes)
  }

  private func join() {
    for vcpu in vcpus { vcpu.join() }
    // A machine that was never started has nothing to join.
    control.stop(.quit)
    haltMonitor.value?.join()
    timers.end()
    coalescedSerial?.join()
    flusher?.join()
    resetter.join()
    control.removeAll()
  }
}
