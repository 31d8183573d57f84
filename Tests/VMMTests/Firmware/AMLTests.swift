import Testing

@testable import VMM

/// Encodings that iasl writes for the same ASL, and the DSDT read back.
@Suite struct AMLTests {
  private func encoded(_ build: (inout AML) -> Void) -> [UInt8] {
    var aml = AML()
    build(&aml)
    return aml.bytes
  }

  @Test(
    "integers take as little room as they can",
    arguments: [
      (0, [0x00]), (1, [0x01]), (2, [0x0A, 2]), (0xFF, [0x0A, 0xFF]), (0x100, [0x0B, 0, 1]),
      (0xFFFF, [0x0B, 0xFF, 0xFF]), (0x1_0000, [0x0C, 0, 0, 1, 0]),
      (.max, [0x0C, 0xFF, 0xFF, 0xFF, 0xFF]),
    ] as [(UInt32, [UInt8])])
  func integers(value: UInt32, bytes: [UInt8]) {
    #expect(encoded { $0.integer(value) } == bytes)
  }

  @Test(
    "a package's length counts itself, in as few bytes as it can",
    arguments: [
      (0, [1]), (62, [63]), (63, [0x41, 0x04]), (4093, [0x4F, 0xFF]), (4094, [0x81, 0x00, 0x01]),
      (0xF_FFFC, [0x8F, 0xFF, 0xFF]), (0xF_FFFD, [0xC1, 0x00, 0x00, 0x01]),
    ] as [(Int, [UInt8])])
  func packageLength(content: Int, bytes: [UInt8]) {
    #expect(AML.packageLength(content: content) == bytes)
  }

  @Test("identifiers of Plug and Play")
  func plugAndPlay() {
    #expect(encoded { $0.plugAndPlayID(0x0501) } == [0x0C, 0x41, 0xD0, 0x05, 0x01])
    #expect(encoded { $0.plugAndPlayID(0x0F13) } == [0x0C, 0x41, 0xD0, 0x0F, 0x13])
  }

  @Test("resources end with their end tag")
  func resources() {
    #expect(
      encoded { $0.resources([.ports(first: 0x3F8, count: 8), .interrupt(4)]) } == [
        0x11, 0x10, 0x0A, 0x0D, 0x47, 0x01, 0xF8, 0x03, 0xF8, 0x03, 0x01, 0x08, 0x22, 0x10, 0x00,
        0x79, 0x00,
      ])
    #expect(
      encoded { $0.resources([.interrupt(12)]) } == [
        0x11, 0x08, 0x0A, 0x05, 0x22, 0x00, 0x10, 0x79, 0x00,
      ])
  }

  @Test("a device in a scope")
  func device() {
    let bytes = encoded { aml in
      aml.scope("\\_SB_") { aml in
        aml.device("RTC_") { aml in
          aml.name("_UID")
          aml.integer(0)
        }
      }
    }
    #expect(
      bytes == [0x10, 0x13, 0x5C] + Array("_SB_".utf8) + [0x5B, 0x82, 0x0B] + Array("RTC_".utf8)
        + [0x08] + Array("_UID".utf8) + [0x00])
  }

  @Test("the DSDT names the devices and how to power off", arguments: [1, 3, 254] as [UInt8])
  func dsdt(cpuCount: UInt8) throws {
    let body = try PhysicalMemory(.whole(cpuCount: cpuCount)).dsdt().body
    let root = try AMLObject.parse(body)
    #expect(root.map(\.name) == ["\\_SB_", "_S5_"])
    #expect(root[1].data == [0x12, 0x06, 0x04, 0, 0, 0, 0])
    let devices = root[0].children
    #expect(devices.count == 4 + Int(cpuCount))
    let platform = devices.prefix(4).map { device in
      [device.name: device.children.map { [$0.name: $0.data] }]
    }
    func device(_ id: [UInt8], _ resources: [UInt8]) -> [[String: [UInt8]]] {
      let content = resources + [0x79, 0]
      return [
        ["_HID": [0x0C, 0x41, 0xD0] + id],
        ["_CRS": [0x11, UInt8(content.count + 3), 0x0A, UInt8(content.count)] + content],
      ]
    }
    #expect(
      platform == [
        [
          "COM1": device(
            [0x05, 0x01], [0x47, 1, 0xF8, 3, 0xF8, 3, 1, 8] + [0x22, 1 << 4, 0])
        ],
        [
          "KBD_": device(
            [0x03, 0x03],
            [0x47, 1, 0x60, 0, 0x60, 0, 1, 1] + [0x47, 1, 0x64, 0, 0x64, 0, 1, 1]
              + [0x22, 1 << 1, 0])
        ],
        ["MOU_": device([0x0F, 0x13], [0x22, 0, 1 << 4])],
        [
          "RTC_": device(
            [0x0B, 0x00], [0x47, 1, 0x70, 0, 0x70, 0, 1, 2] + [0x22, 0, 1 << 0])
        ],
      ])
  }

  @Test(
    "the DSDT has a device for each processor, with the MADT's id", arguments: [1, 254] as [UInt8])
  func processors(cpuCount: UInt8) throws {
    let body = try PhysicalMemory(.whole(cpuCount: cpuCount)).dsdt().body
    let processors = try #require(try AMLObject.parse(body).first).children.dropFirst(4)
    #expect(Set(processors.map(\.name)).count == Int(cpuCount))
    for (index, processor) in processors.enumerated() {
      let id: [UInt8] = index < 2 ? [UInt8(index)] : [0x0A, UInt8(index)]
      #expect(processor.children.map(\.name) == ["_HID", "_UID"])
      #expect(processor.children[0].data == [0x0D] + Array("ACPI0007".utf8) + [0])
      #expect(processor.children[1].data == id)
    }
  }
}
