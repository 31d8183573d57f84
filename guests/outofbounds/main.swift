// Touches what is not there, and reports what it read.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  let info = machine.bootInfo
  let framebufferEnd = info.framebufferAddress + info.videoMemorySize

  // The last word of video memory is memory; the next one is nobody's.
  memoryWrite32(framebufferEnd - 4, 0x5AFE_5AFE)
  probe(memory: framebufferEnd - 4)
  let addresses: InlineArray<_, UInt64> = [framebufferEnd, framebufferEnd + 0x1000, 0xD000_0000]
  for index in addresses.indices {
    memoryWrite32(addresses[index], 0xDEAD_BEEF)
    probe(memory: addresses[index])
  }
  let ports: InlineArray<_, UInt16> = [0x2E8, 0xCFC, 0x5678, 0xFFFF]
  for index in ports.indices { probe(port: ports[index]) }
  Serial.print("outofbounds: still here\n")
}

private func probe(memory address: UInt64) {
  Serial.print("memory ")
  Serial.print(hex: address, digits: 8)
  Serial.print(" reads ")
  Serial.print(hex: memoryRead32(address), digits: 8)
  Serial.print("\n")
}

private func probe(port: UInt16) {
  portWrite8(port, 0xA5)
  Serial.print("port ")
  Serial.print(hex: port, digits: 4)
  Serial.print(" reads ")
  Serial.print(hex: portRead8(port), digits: 2)
  Serial.print("\n")
}
