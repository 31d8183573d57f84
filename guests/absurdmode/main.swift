// Asks the display for modes that cannot be, and reports what it got.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let modes: InlineArray<_, Mode> = [
    Mode(width: 0, height: 0, bitsPerPixel: 32),
    Mode(width: 0xFFFF, height: 0xFFFF, bitsPerPixel: 32),
    Mode(width: 1024, height: 768, bitsPerPixel: 7),
    Mode(width: 1, height: 1, bitsPerPixel: 0xFFFF),
    Mode(width: 1024, height: 768, bitsPerPixel: 32, virtualWidth: 1, yOffset: 0xFFFF),
    Mode(width: 640, height: 480, bitsPerPixel: 32, virtualWidth: 0xFFFF, yOffset: 0xFFFF),
  ]
  for index in modes.indices {
    Serial.print("asked for ")
    modes[index].print()
    modes[index].set()
    Serial.print(", got ")
    Mode.current.print()
    Serial.print("\n")
  }
  for index in DISPI.indicesInUse.upperBound...0xFF { DISPI.write(index, 0xFFFF) }
  Serial.print("absurdmode: still here\n")
}

/// Bochs VBE DISPI: an index port and a data port.
enum DISPI {
  static let xResolution: UInt16 = 1
  static let yResolution: UInt16 = 2
  static let bitsPerPixel: UInt16 = 3
  static let enable: UInt16 = 4
  static let virtualWidth: UInt16 = 6
  static let yOffset: UInt16 = 9
  static let indicesInUse: ClosedRange<UInt16> = 0...0xA

  static func read(_ index: UInt16) -> UInt16 {
    portWrite16(0x1CE, index)
    return portRead16(0x1CF)
  }

  static func write(_ index: UInt16, _ value: UInt16) {
    portWrite16(0x1CE, index)
    portWrite16(0x1CF, value)
  }
}

struct Mode {
  let width: UInt16
  let height: UInt16
  let bitsPerPixel: UInt16
  var virtualWidth: UInt16 = 0
  var yOffset: UInt16 = 0

  static var current: Mode {
    Mode(
      width: DISPI.read(DISPI.xResolution), height: DISPI.read(DISPI.yResolution),
      bitsPerPixel: DISPI.read(DISPI.bitsPerPixel), virtualWidth: DISPI.read(DISPI.virtualWidth),
      yOffset: DISPI.read(DISPI.yOffset))
  }

  func set() {
    let disabled: UInt16 = 0
    let enabledLinear: UInt16 = 0x41
    DISPI.write(DISPI.enable, disabled)
    DISPI.write(DISPI.xResolution, width)
    DISPI.write(DISPI.yResolution, height)
    DISPI.write(DISPI.bitsPerPixel, bitsPerPixel)
    DISPI.write(DISPI.enable, enabledLinear)
    DISPI.write(DISPI.virtualWidth, virtualWidth)
    DISPI.write(DISPI.yOffset, yOffset)
  }

  func print() {
    Serial.print(width)
    Serial.print("x")
    Serial.print(height)
    Serial.print("x")
    Serial.print(bitsPerPixel)
    Serial.print(" virtual width ")
    Serial.print(virtualWidth)
    Serial.print(" y offset ")
    Serial.print(yOffset)
  }
}
