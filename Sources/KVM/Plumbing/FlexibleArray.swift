import CKVM

/// A C structure that ends in a flexible array member: a header followed by entries.
///
/// Swift imports such a structure without its array, so the bytes are allocated raw and the entries
/// are reached through an accessor of CKVM.
@safe
struct FlexibleArray<Header, Entry>: ~Copyable {
  private let storage: UnsafeMutableRawPointer
  private let entries: UnsafeMutablePointer<Entry>
  let capacity: Int

  /// Allocates zeroed room for `header` and `capacity` entries; `locate` finds the first entry.
  init(
    _ header: Header, capacity: Int,
    locate: (UnsafeMutablePointer<Header>) -> UnsafeMutablePointer<Entry>
  ) {
    let size = MemoryLayout<Header>.stride + capacity * MemoryLayout<Entry>.stride
    unsafe storage = .allocate(byteCount: size, alignment: 16)
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    let head = unsafe storage.bindMemory(to: Header.self, capacity: 1)
    unsafe head.pointee = header
    unsafe entries = locate(head)
    self.capacity = capacity
  }

  deinit { unsafe storage.deallocate() }

  /// Calls a request with the structure, which the kernel may read, write or both.
  @discardableResult
  func call(_ request: Request, _ descriptor: Int32) throws(KVMError) -> Int32 {
    try unsafe request.check(ckvm_ioctl_pointer(descriptor, request.code, storage))
  }

  var header: Header {
    unsafe storage.assumingMemoryBound(to: Header.self).pointee
  }

  /// Copies `source` into the entries, as many as fit.
  func fill(_ source: some Sequence<Entry>) {
    var index = 0
    for entry in source where index < capacity {
      unsafe entries[index] = entry
      index += 1
    }
  }

  /// The first `count` entries, as many as there are.
  func prefix(_ count: Int) -> [Entry] {
    unsafe Array(UnsafeBufferPointer(start: entries, count: min(max(count, 0), capacity)))
  }
}
