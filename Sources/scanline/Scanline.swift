@main
enum Scanline {
  static func main() {}
}
