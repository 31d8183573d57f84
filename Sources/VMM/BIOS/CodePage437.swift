import Devices

/// The character set of a PC's text mode, for those who read it elsewhere.
enum CodePage437 {
  /// The characters 80h to FFh.
  private static let upperHalf: [[UInt8]] =
    ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪"
    + "┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").unicodeScalars.map {
      Array(Character($0).utf8)
    }

  /// Writes `character` in UTF-8; those below 80h as they are.
  static func write(_ character: UInt8, to sink: any ByteSink) {
    guard character >= 0x80 else { return sink.write(character) }
    for byte in upperHalf[Int(character - 0x80)] { sink.write(byte) }
  }
}
