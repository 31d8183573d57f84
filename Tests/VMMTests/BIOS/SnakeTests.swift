import Devices
import Testing

@testable import VMM

/// The game of `guests/snake`, as a map of cells that knows nothing of pixels.
private struct SnakeGame {
  static let columns = 40
  static let rows = 25
  static let wall: UInt8 = 0x18
  static let body: UInt8 = 0x2F
  static let food: UInt8 = 0x28

  private(set) var snake = [(18, 12), (19, 12), (20, 12)]
  private var meal = (0, 0)
  private var seed: UInt16 = 1

  init() { placeFood() }

  /// What is in a cell.
  func content(_ column: Int, _ row: Int) -> UInt8 {
    if [0, Self.columns - 1].contains(column) || [0, Self.rows - 1].contains(row) {
      return Self.wall
    }
    if snake.contains(where: { $0 == (column, row) }) { return Self.body }
    return meal == (column, row) ? Self.food : 0
  }

  private mutating func placeFood() {
    repeat {
      seed = seed &* 25173 &+ 13849
      meal = (Int(seed & 0xFF) % Self.columns, Int(seed >> 8) % Self.rows)
    } while [Self.wall, Self.body].contains(content(meal.0, meal.1))
  }

  mutating func move(_ key: Key) {
    var (column, row) = snake[snake.count - 1]
    switch key {
    case .leftArrow: column -= 1
    case .rightArrow: column += 1
    case .upArrow: row -= 1
    default: row += 1
    }
    let isMeal = meal == (column, row)
    snake.append((column, row))
    if isMeal { placeFood() } else { snake.removeFirst() }
  }

  /// The pixels of mode 13h: cells with a seam at their upper and left edge.
  var pixels: [UInt8] {
    (0..<200).flatMap { y in
      (0..<320).map { x in x % 8 == 0 || y % 8 == 0 ? 0 : content(x / 8, y / 8) }
    }
  }

  /// The keys of the shortest way to the food.
  var wayToFood: [Key] {
    let (column, row) = snake[snake.count - 1]
    let across = meal.0 - column
    let down = meal.1 - row
    return [Key](repeating: down < 0 ? .upArrow : .downArrow, count: abs(down))
      + [Key](repeating: across < 0 ? .leftArrow : .rightArrow, count: abs(across))
  }
}

extension MachineTests {
  @Suite struct SnakeTests {
    @Test("after scripted keys the frame is that of the game's rules")
    func frame() throws {
      var game = SnakeGame()
      let keys = game.wayToFood + [.downArrow, .downArrow, .leftArrow]
      for key in keys { game.move(key) }
      #expect(game.snake.count == 4)
      let machine = try TestMachine(booting: .guest("snake"))
      for key in keys { #expect(machine.machine.keyboard.type([key])) }
      machine.machine.keyboard.type([.escape])
      #expect(try machine.run().label == "reset by bios")
      #expect(machine.pixels() == game.pixels)
    }

    @Test("a snake that runs by itself dies at the wall, and its length is printed")
    func wall() throws {
      let machine = try TestMachine(booting: .guest("snake"))
      machine.machine.keyboard.type("  ")
      for _ in 0..<19 { machine.machine.keyboard.type([.rightArrow]) }
      try machine.machine.start()
      try machine.waitForText("Length")
      machine.machine.keyboard.type("x")
      #expect(machine.end().label == "reset by bios")
      #expect(try machine.text().contains("003"))
    }
  }
}
