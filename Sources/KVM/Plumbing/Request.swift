import CKVM
import SystemPackage

/// One ioctl of the KVM API: its number and the name that errors give.
///
/// Every call of this module goes through one of the shapes below, so a negative result becomes a
/// ``KVMError`` in one place.
struct Request: Sendable {
  let code: UInt
  let name: StaticString

  init(_ code: UInt, _ name: StaticString) {
    self.code = code
    self.name = name
  }

  /// Calls with a value as the argument; returns the non-negative result.
  @discardableResult
  func call(_ descriptor: Int32, _ argument: UInt = 0) throws(KVMError) -> Int32 {
    try check(ckvm_ioctl(descriptor, code, argument))
  }

  /// Calls with a pointer to `value`, which the kernel may read, write or both.
  @discardableResult
  func call<Value>(_ descriptor: Int32, updating value: inout Value) throws(KVMError) -> Int32 {
    let result = unsafe withUnsafeMutablePointer(to: &value) { pointer in
      unsafe ckvm_ioctl_pointer(descriptor, code, pointer)
    }
    return try check(result)
  }

  /// Calls with a pointer to a copy of `value`, for requests that the kernel only reads.
  @discardableResult
  func call<Value>(_ descriptor: Int32, passing value: Value) throws(KVMError) -> Int32 {
    var copy = value
    return try call(descriptor, updating: &copy)
  }

  /// Calls with a pointer to `initial` and returns what the kernel made of it.
  func get<Value>(_ descriptor: Int32, _ initial: Value) throws(KVMError) -> Value {
    var value = initial
    try call(descriptor, updating: &value)
    return value
  }

  /// Turns a `-errno` result into an error of this request.
  @discardableResult
  func check(_ result: Int32) throws(KVMError) -> Int32 {
    guard result >= 0 else { throw error(result) }
    return result
  }

  /// The error for a `-errno` result.
  func error(_ result: Int32) -> KVMError {
    KVMError(operation: "\(name)", errno: Errno(rawValue: 0 &- result))
  }
}
