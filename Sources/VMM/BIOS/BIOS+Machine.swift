import Devices

extension BIOS {
  /// The BIOS that the guests of `image` may call; nil if there is none.
  ///
  /// - Parameters:
  ///   - board: The machine's memory and video memory.
  ///   - ports: Its devices.
  ///   - teletype: Takes what INT 10h prints; nil for nobody.
  convenience init?(
    for image: BootImage, on board: borrowing Board, ports: PortBus,
    teletype: (any ByteSink)?, control: RunControl, resets: ResetPolicy, tracer: Tracer?
  ) {
    guard image.hasBIOS else { return nil }
    let started: BIOSImage? = if case .bios(let image) = image { image } else { nil }
    let hardware = BIOSServices.Hardware(
      memory: RealModeMemory(ram: board.memory, window: board.video?.window),
      memoryBelow4GiB: UInt64(board.memory.sizeBelow4GiB),
      memoryAbove4GiB: UInt64(board.memory.sizeAbove4GiB),
      display: board.video?.display, vga: board.video?.vga, ports: ports,
      teletype: teletype,
      restEvent: control.restEvent, stop: { control.stop($0) }, reset: { resets.request(.bios) })
    self.init(BIOSServices(hardware: hardware, image: started), tracer: tracer)
  }
}
