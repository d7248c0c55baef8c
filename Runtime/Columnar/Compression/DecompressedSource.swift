/// The text of a file, decompressed while it is read.
protocol DecompressedSource: HashingSource {
    /// The offset in the file of the next byte that has not been used.
    var position: Int { get }
}
