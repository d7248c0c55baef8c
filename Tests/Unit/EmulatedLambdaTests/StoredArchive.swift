import JSON

/// A ZIP archive whose entries are stored as they are, for tests that upload code.
struct StoredArchive {
    struct Entry {
        let name: String
        let contents: String
        var isExecutable = false
    }

    let bytes: [UInt8]

    init(_ entries: Entry...) {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        var local: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let (name, data) = (Array(entry.name.utf8), Array(entry.contents.utf8))
            let sizes = little(data.count, 4) + little(data.count, 4) + little(name.count, 2) + little(0, 2)
            let mode = (entry.isExecutable ? 0o100755 : 0o100644) << 16
            let head = little(0x0201_4B50, 4) + little(0x314, 2) + little(20, 2) + little(0, 12) + sizes
            directory += head + little(0, 6) + little(mode, 4) + little(local.count, 4) + name
            local += little(0x0403_4B50, 4) + little(20, 2) + little(0, 12) + sizes + name + data
        }
        let counts = little(entries.count, 2) + little(entries.count, 2)
        let end = little(0x0605_4B50, 4) + little(0, 4) + counts + little(directory.count, 4) + little(local.count, 4)
        bytes = local + directory + end + little(0, 2)
    }

    var base64: String { bytes.base64 }
}
