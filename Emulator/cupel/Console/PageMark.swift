internal import AWSModels
internal import Control
internal import JSON

/// Where a page in the order of an index starts.
struct IndexMark {
    let place: ControlPage.Place
    /// Records that the pages before have searched.
    var searched = 0

    static let start = IndexMark(place: ControlPage.Place(partition: 0))
}

/// Where the next page starts, as part of an address.
enum PageMark {
    case index(IndexMark)
    case sorted(SortedList.Place)

    /// Nil for a text that no page gave.
    init?(_ text: String) {
        guard let bytes = [UInt8](base64: text), let json = try? JSON(parsing: bytes) else { return nil }
        if let id = json["id"]?.string, let number = json["number"]?.int, let text = json["text"]?.string {
            self = .sorted(SortedList.Place(number: number, text: text, id: id))
            return
        }
        guard let partition = json["partition"]?.int, (0..<64).contains(partition) else { return nil }
        let searched = json["searched"]?.int ?? 0
        guard (0...1_000_000_000_000).contains(searched) else { return nil }
        var place = ControlPage.Place(partition: partition)
        if let key = json["key"], !key.isNull {
            guard let key = try? Item(attributes: key) else { return nil }
            place = ControlPage.Place(partition: partition, key: key)
        }
        self = .index(IndexMark(place: place, searched: searched))
    }

    var text: String {
        let document: JSON =
            switch self {
            case .index(let mark):
                [
                    "partition": .int(mark.place.partition), "key": mark.place.key?.json ?? .null,
                    "searched": .int(mark.searched),
                ]
            case .sorted(let place):
                ["number": .int(place.number), "text": .string(place.text), "id": .string(place.id)]
            }
        return document.bytes.base64
    }
}
