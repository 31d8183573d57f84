/// INT 13h: the disk that the image is. IBM PC/AT Technical Reference; Phoenix "Enhanced Disk Drive
/// Specification" 1.1 for AH=41h to 48h.
extension BIOSServices {
  /// What AH says, and 0040:0041 or 0040:0074 of the last call.
  enum DiskStatus {
    static let success: UInt8 = 0x00
    static let badCommand: UInt8 = 0x01
    static let sectorNotFound: UInt8 = 0x04
    static let dmaBoundary: UInt8 = 0x09
    static let controllerFailure: UInt8 = 0x20
    static let writeFault: UInt8 = 0xCC
  }

  func disk(_ call: inout BIOSCall) {
    if call.ah == 0x01 {
      call.ah = memory.byte(statusAddress(call.dl))
      call.carry = call.ah != 0
      return
    }
    // AH=15h tells drives from no drives, and is no error.
    guard let disk = image?.disk, call.dl == disk.drive else {
      if call.ah == 0x15 {
        call.ah = 0
        call.carry = false
        return
      }
      return end(&call, call.ah == 0x08 ? 0x07 : DiskStatus.badCommand)
    }
    switch call.ah {
    case 0x00, 0x0D, 0x09, 0x0C, 0x10, 0x11, 0x14, 0x47: end(&call, seek(call, disk))
    case 0x02, 0x03, 0x04: end(&call, transferByCylinder(&call, disk))
    case 0x08: parameters(&call, disk)
    case 0x15: driveType(&call, disk)
    // The medium has not been changed; and it is of the kind that was asked for.
    case 0x16, 0x17, 0x18: end(&call, DiskStatus.success)
    case 0x41: extensions(&call, disk)
    case 0x42, 0x43, 0x44: end(&call, transferByNumber(call, disk))
    case 0x48: end(&call, extendedParameters(call, disk))
    default:
      call.unsupported()
      call.ah = DiskStatus.badCommand
    }
  }

  private func statusAddress(_ drive: UInt8) -> UInt32 {
    drive < 0x80 ? BIOSDataArea.floppyStatus : BIOSDataArea.hardDiskStatus
  }

  private func end(_ call: inout BIOSCall, _ status: UInt8) {
    call.ah = status
    call.carry = status != DiskStatus.success
    memory.store(status, at: statusAddress(call.dl))
  }

  /// Extended seeks name a sector, which there must be.
  private func seek(_ call: BIOSCall, _ disk: DiskImage) -> UInt8 {
    guard call.ah == 0x47 else { return DiskStatus.success }
    let packet = Packet(memory, at: call.ds(call.si))
    return packet.sectors(of: disk) == nil ? DiskStatus.badCommand : DiskStatus.success
  }

  // MARK: Transfers

  /// AH=02h, 03h, 04h: AL sectors from cylinder CX, head DH, sector CL.
  private func transferByCylinder(_ call: inout BIOSCall, _ disk: DiskImage) -> UInt8 {
    let count = Int(call.al)
    let isVerify = call.ah == 0x04
    guard count > 0 else { return DiskStatus.badCommand }
    let first = disk.geometry.sectorNumber(
      cylinder: Int(call.ch) | Int(call.cl & 0xC0) << 2, head: Int(call.dh),
      sector: Int(call.cl & 0x3F))
    guard let first, first + count <= disk.sectorCount else {
      call.al = 0
      return DiskStatus.sectorNotFound
    }
    if isVerify { return DiskStatus.success }
    let status = transfer(
      first..<first + count, of: disk, at: call.es(call.bx), isWrite: call.ah == 0x03)
    if status != DiskStatus.success { call.al = 0 }
    return status
  }

  /// AH=42h, 43h, 44h: as the packet at DS:SI says.
  private func transferByNumber(_ call: BIOSCall, _ disk: DiskImage) -> UInt8 {
    let packet = Packet(memory, at: call.ds(call.si))
    guard packet.isValid, let sectors = packet.sectors(of: disk) else {
      memory.store(UInt16(0), at: call.ds(call.si) &+ 2)
      return DiskStatus.badCommand
    }
    if call.ah == 0x44 { return DiskStatus.success }
    let status = transfer(sectors, of: disk, at: packet.buffer, isWrite: call.ah == 0x43)
    if status != DiskStatus.success { memory.store(UInt16(0), at: call.ds(call.si) &+ 2) }
    return status
  }

  private func transfer(
    _ sectors: Range<Int>, of disk: DiskImage, at address: UInt32, isWrite: Bool
  ) -> UInt8 {
    do {
      if isWrite {
        let size = sectors.count * DiskGeometry.sectorSize
        guard let bytes = memory.read(size, at: address) else { return DiskStatus.dmaBoundary }
        try disk.write(bytes, at: sectors.lowerBound)
      } else {
        guard memory.write(try disk.read(sectors), at: address) else {
          return DiskStatus.dmaBoundary
        }
      }
      return DiskStatus.success
    } catch {
      switch error {
      case .file: return DiskStatus.controllerFailure
      case .overlayFull: return DiskStatus.writeFault
      }
    }
  }

  // MARK: What disk it is

  /// AH=41h: a hard disk has extensions of version 1.1, extended access and drive parameters. A floppy
  /// has none, which carry says.
  private func extensions(_ call: inout BIOSCall, _ disk: DiskImage) {
    guard disk.drive >= 0x80, call.bx == 0x55AA else { return end(&call, DiskStatus.badCommand) }
    end(&call, DiskStatus.success)
    call.ah = 0x21
    call.bx = 0xAA55
    call.cx = 0x0005
  }

  /// AH=08h: the highest cylinder, head and sector.
  private func parameters(_ call: inout BIOSCall, _ disk: DiskImage) {
    let geometry = disk.geometry
    let cylinder = UInt16(clamping: geometry.cylinders - 1)
    end(&call, DiskStatus.success)
    call.al = 0
    call.ch = UInt8(truncatingIfNeeded: cylinder)
    call.cl = UInt8(truncatingIfNeeded: (cylinder >> 8) << 6) | UInt8(clamping: geometry.sectors)
    call.dh = UInt8(clamping: geometry.heads - 1)
    call.dl = 1
    guard let type = geometry.floppyType else { return }
    call.bx = UInt16(type)
    call.es = BIOSROM.segment
    call.di = BIOSROM.disketteParameters
  }

  /// AH=15h: a floppy drive that does not tell a change of its medium, or a hard disk of CX:DX sectors.
  private func driveType(_ call: inout BIOSCall, _ disk: DiskImage) {
    end(&call, DiskStatus.success)
    guard disk.drive >= 0x80 else {
      call.ah = 0x01
      return
    }
    call.ah = 0x03
    let count = UInt32(clamping: disk.geometry.total)
    call.cx = UInt16(truncatingIfNeeded: count >> 16)
    call.dx = UInt16(truncatingIfNeeded: count)
  }

  /// AH=48h: the first 26 bytes of the table at DS:SI.
  private func extendedParameters(_ call: BIOSCall, _ disk: DiskImage) -> UInt8 {
    let target = call.ds(call.si)
    guard memory.word(target) >= 26 else { return DiskStatus.badCommand }
    var table: [UInt8] = []
    table.append(littleEndian: UInt16(26))
    // Its geometry is valid.
    table.append(littleEndian: UInt16(0x0002))
    table.append(littleEndian: UInt32(clamping: disk.geometry.cylinders))
    table.append(littleEndian: UInt32(clamping: disk.geometry.heads))
    table.append(littleEndian: UInt32(clamping: disk.geometry.sectors))
    table.append(littleEndian: UInt64(clamping: disk.sectorCount))
    table.append(littleEndian: UInt16(DiskGeometry.sectorSize))
    return memory.write(table, at: target) ? DiskStatus.success : DiskStatus.badCommand
  }

  /// The disk address packet of the extended calls.
  private struct Packet {
    let size: UInt8
    let count: UInt16
    /// The linear address of the buffer.
    let buffer: UInt32
    let first: UInt64

    init(_ memory: RealModeMemory, at address: UInt32) {
      size = memory.byte(address)
      count = memory.word(address &+ 2)
      buffer = memory.pointer(at: address &+ 4).linear
      first = UInt64(memory.long(address &+ 8)) | UInt64(memory.long(address &+ 12)) << 32
    }

    /// A larger one is that of a later version, which begins the same. 127 sectors is what one
    /// segment holds, and the specification allows.
    var isValid: Bool { size >= 16 && (1...127).contains(count) }

    /// nil unless the disk has all of them.
    func sectors(of disk: DiskImage) -> Range<Int>? {
      guard let first = Int(exactly: first), first <= disk.sectorCount,
        Int(count) <= disk.sectorCount - first
      else { return nil }
      return first..<first + Int(count)
    }
  }
}
