import Glibc
import TestSupport
import Testing

@Suite("The last frame", .needsKVM, .generousTimeLimit)
struct ScreenshotTests {
  private let directory: TemporaryDirectory
  private let gradient: String

  init() throws {
    directory = try TemporaryDirectory()
    gradient = try GuestImages.path("gradient")
  }

  private static let ppmHeader = Array("P6\n1024 768\n255\n".utf8)
  private static let ppmSize = ppmHeader.count + 1024 * 768 * 3

  @Test("demo writes demo.ppm where it is started, and says so")
  func demo() throws {
    let run = try Scanline.run("demo", directory: directory.path)
    #expect(run.end == .status(0))
    #expect(text(run.output).hasPrefix("Hello from a guest in Embedded Swift"))
    #expect(text(run.output).hasSuffix("Bye.\n"))
    #expect(run.errors.contains("demo.ppm"))
    #expect(directory.names == ["demo.ppm"])
    let picture = try directory.read("demo.ppm")
    #expect(picture.starts(with: Self.ppmHeader))
    #expect(picture.count == Self.ppmSize)
    #expect(Set(picture.dropFirst(Self.ppmHeader.count)).count > 16, "there is a picture in it")
  }

  @Test("a name that ends in .png makes a PNG, any other a PPM")
  func formats() throws {
    #expect(
      try Scanline.run("run", gradient, "--screenshot", directory.file("a.png")).end == .status(0))
    #expect(
      try Scanline.run("run", gradient, "--screenshot", directory.file("a.PNG")).end == .status(0))
    #expect(
      try Scanline.run("run", gradient, "--screenshot", directory.file("a.ppm")).end == .status(0))
    #expect(
      try Scanline.run("run", gradient, "--screenshot", directory.file("a")).end == .status(0))
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    #expect(try directory.read("a.png").starts(with: signature))
    #expect(try directory.read("a.PNG") == directory.read("a.png"))
    #expect(try directory.read("a.ppm").starts(with: Self.ppmHeader))
    #expect(try directory.read("a") == directory.read("a.ppm"))
  }

  @Test("with - standard output has the picture alone, and the guest's text is on standard error")
  func standardOutput() throws {
    _ = try Scanline.run("run", gradient, "--screenshot", directory.file("a.ppm"))
    let run = try Scanline.run("run", gradient, "--screenshot", "-")
    #expect(run.end == .status(0))
    #expect(try run.output == directory.read("a.ppm"))
    let plain = try Scanline.run("run", gradient)
    #expect(run.errors.contains(text(plain.output)))
  }

  @Test("an old file is replaced as a whole, and keeps its permissions")
  func replace() throws {
    let path = try directory.write([1, 2, 3], to: "a.ppm", mode: 0o640)
    let old = try status(of: path).st_ino
    #expect(try Scanline.run("run", gradient, "--screenshot", path).end == .status(0))
    let new = try status(of: path)
    #expect(new.st_ino != old)
    #expect(new.st_mode & 0o777 == 0o640)
    #expect(new.st_size == Self.ppmSize)
    #expect(directory.names == ["a.ppm"])
  }

  @Test("a new file gets the permissions that the umask leaves")
  func umask() throws {
    let run = try Scanline.shell(
      "umask 027; exec \"$@\"", "run", gradient, "--screenshot", directory.file("a.ppm"))
    #expect(run.end == .status(0))
    #expect(try status(of: directory.file("a.ppm")).st_mode & 0o777 == 0o640)
  }

  @Test("a link stays one: the file it names is replaced")
  func symbolicLink() throws {
    let target = try directory.write([1], to: "target.ppm")
    #expect(unsafe symlink("target.ppm", directory.file("link.ppm")) == 0)
    let run = try Scanline.run("run", gradient, "--screenshot", directory.file("link.ppm"))
    #expect(run.end == .status(0))
    #expect(try status(of: target).st_size == Self.ppmSize)
    var link = stat()
    #expect(unsafe lstat(directory.file("link.ppm"), &link) == 0)
    #expect(link.st_mode & S_IFMT == S_IFLNK)
  }

  @Test("/dev/null takes it")
  func nullDevice() throws {
    let run = try Scanline.run("run", gradient, "--screenshot", "/dev/null")
    #expect(run.end == .status(0))
    #expect(try status(of: "/dev/null").st_mode & S_IFMT == S_IFCHR)
  }

  @Test("a name as long as the file system allows")
  func longName() throws {
    let name = String(repeating: "n", count: 251) + ".ppm"
    #expect(
      try Scanline.run("run", gradient, "--screenshot", directory.file(name)).end == .status(0))
    #expect(directory.names == [name])
  }

  @Test(
    "a path that cannot be written is found out before the guest runs",
    arguments: [
      ("", "directory"), (".", "directory"), ("/", "directory"), ("a.ppm/", "directory"),
      ("missing/a.ppm", "No such file"), ("/proc/scanline.ppm", "directory exists and is writable"),
      ("/dev/null/a.ppm", "Not a directory"), ("dangling", "link to nothing"),
    ])
  func unwritable(path: String, reason: String) throws {
    #expect(unsafe symlink("nothing", directory.file("dangling")) == 0)
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--screenshot", path, directory: directory.path)
    #expect(run.end == .status(74))
    #expect(run.output == [], "the guest has run")
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains(reason), "\(run.errors)")
    #expect(directory.names == ["dangling"])
  }

  @Test("a device that is full fails the run, and the guest's text is still there")
  func fullDevice() throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), "--screenshot", "/dev/full")
    #expect(run.end == .status(74))
    #expect(text(run.output) == "Hello from 64-bit long mode\n")
    #expect(run.errors.contains("No space left on device"))
  }

  @Test("when the file does not fit, the old one stays and nothing else is left behind")
  func fileSizeLimit() throws {
    let path = try directory.write([1, 2, 3], to: "a.ppm")
    // In blocks of 512 or 1024 bytes; the picture has 2.3 million.
    let run = try Scanline.shell(
      "ulimit -f 1000; exec \"$@\"", "run", gradient, "--screenshot", path)
    #expect(run.end == .status(74))
    #expect(run.errors.contains("File too large"))
    #expect(try directory.read("a.ppm") == [1, 2, 3])
    #expect(directory.names == ["a.ppm"])
  }

  @Test("without a framebuffer there is no picture to ask for")
  func noFramebuffer() throws {
    let run = try Scanline.run(
      "run", gradient, "--framebuffer", "none", "--screenshot", directory.file("a.ppm"))
    #expect(run.end == .status(64))
    #expect(run.errorLines.count == 1)
    #expect(directory.names == [])
  }

  @Test("the picture has the size of the video mode")
  func videoMode() throws {
    let run = try Scanline.run(
      "run", gradient, "--framebuffer", "333x77x32", "--screenshot", directory.file("a.ppm"))
    #expect(run.end == .status(0))
    let header = Array("P6\n333 77\n255\n".utf8)
    let picture = try directory.read("a.ppm")
    #expect(picture.starts(with: header))
    #expect(picture.count == header.count + 333 * 77 * 3)
  }

  @Test("closed standard output is found out before the guest runs")
  func closedOutput() throws {
    let run = try Scanline.run("run", gradient, "--screenshot", "-", output: .closed)
    #expect(run.end == .status(74))
    #expect(run.errorLines.count == 1)
  }
}
