// Finds the ACPI tables as a kernel does, and with them the way to power off.

@c(guest_main)
public func guestMain(_ bootInfo: UnsafePointer<BootInfo>) {
  let machine = unsafe Machine(bootInfo)
  var checks = Checks()
  guard let root = RootPointer.find() else {
    checks.check("RSDP: it is between 0xE0000 and 0xFFFFF", false)
    checks.finish()
  }
  checks.pass("RSDP: it is there, and its sums are 0")
  let tables = RootTable(address: root.xsdtAddress)
  checks.check("XSDT: its sum is 0", tables.header.isValid("XSDT"))
  checkProcessors(&checks, tables, count: machine.bootInfo.cpuCount)
  guard let fadt = tables.find("FACP").map(FixedTable.init) else {
    checks.check("FADT: it is there, and its sum is 0", false)
    checks.finish()
  }
  checks.pass("FADT: it is there, and its sum is 0")
  let dsdt = TableHeader(address: fadt.dsdtAddress)
  checks.check("DSDT: its sum is 0", dsdt.isValid("DSDT"))
  guard let sleepType = SleepPackage.find(in: dsdt) else {
    checks.check("DSDT: it has \\_S5", false)
    checks.finish()
  }
  checks.pass("DSDT: it has \\_S5")
  checks.check("FADT: the hardware enters ACPI mode", fadt.enable())
  Serial.print("powering off\n")
  fadt.sleep(type: sleepType)
  wait(megacycles: 1000)
  checks.check("PM1a_CNT: the machine powers off", false)
  checks.finish()
}

private func checkProcessors(_ checks: inout Checks, _ tables: RootTable, count: UInt32) {
  guard let table = tables.find("APIC") else {
    return checks.skip("MADT: this machine has no APICs")
  }
  checks.check(
    "MADT: as many CPUs as there are", InterruptTable(header: table).processorCount, is: count)
}
