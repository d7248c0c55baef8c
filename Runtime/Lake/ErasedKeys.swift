internal import Digest
public import Iceberg
internal import JSON

/// The keys of a table whose rows were erased and must not come back, as the table's properties have them.
///
/// Only hashes are kept, so that the list itself does not show the keys. A key that is easy to guess can be guessed: it is then
/// known that it was erased, and nothing else.
public struct ErasedKeys: Sendable, Hashable {
    private var hashes: Set<String> = []

    /// The table's property.
    public static let property = "cupel.erased-keys"

    /// - Parameter properties: the table's.
    /// - Throws: ``LakeError/unreadable(_:)`` for a list that is damaged: without it, erased rows would come back.
    public init(of properties: [String: String]) throws(LakeError) {
        guard let text = properties[Self.property] else { return }
        let list = (try? JSON(parsing: Array(text.utf8)))?.array?.map(\.string)
        guard let list, !list.contains(nil) else {
            throw .unreadable(
                "the table's property \(Self.property) is no JSON list of texts, so changes of erased keys cannot be left out; "
                    + "set it to what an older metadata document of the table has")
        }
        hashes = Set(list.compactMap(\.self))
    }

    public init() {}

    public var isEmpty: Bool { hashes.isEmpty }

    /// - Parameter key: the values of the primary key's columns, in the order of the columns' names: another engine that writes the
    ///   schema again may list them in another order.
    public func contains(_ key: [IcebergValue]) -> Bool { hashes.contains(Self.hash(key)) }

    public mutating func insert(_ key: [IcebergValue]) { hashes.insert(Self.hash(key)) }

    /// The property's value.
    public var text: String { JSON.array(hashes.sorted().map { .string($0) }).text }

    private static func hash(_ key: [IcebergValue]) -> String {
        var bytes: [UInt8] = []
        for value in key {
            // A column of ints may become one of longs.
            let value: IcebergValue = if case .int(let number) = value { .long(Int64(number)) } else { value }
            let part = value.serialized
            bytes += withUnsafeBytes(of: UInt32(part.count).littleEndian) { Array($0) } + part
        }
        return Digest.sha256(bytes).hexadecimal
    }
}
