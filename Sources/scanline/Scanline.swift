import ScanlineCommands

@main
enum Scanline {
  static func main() {
    ScanlineCommand.start()
  }
}
