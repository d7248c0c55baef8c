/// A growing set of integers: a bit for each, in pages of neighbours. A page that is all but full is kept as the few that are
/// missing, so a key that counts up costs next to nothing, however many rows there are.
struct IntegerSet {
    static let pageBits = 1 << 15
    private static let pageWords = pageBits / 64
    /// A page that lacks no more than these is kept as a list of them.
    static let missingLimit = 64
    private static let listSize = 128

    private(set) var count = 0
    private var words: [UInt64] = []
    /// Where in `words` a page begins, and where one may that is needed next.
    private var pages: [Int64: Int] = [:]
    private var unused: [Int] = []
    /// How many values each page in `words` had when it was left.
    private var filled: [Int] = []
    /// What the pages lack that are all but full.
    private var missing: [Int64: [UInt16]] = [:]
    /// How many lists were turned back into bits.
    private var unpackedCount = 0
    /// The page that was last looked at, and the set's count then; most values lie near their predecessor.
    private var last: (number: Int64, start: Int, count: Int) = (.min, 0, 0)

    /// About what the pages and lists take.
    var sizeInBytes: Int { words.count * 8 + missing.count * Self.listSize }
    /// Whether a set of single numbers would be smaller.
    var isSparse: Bool {
        let pageCount = pages.count + missing.count
        return pageCount > 16 && count < pageCount * (Self.pageBits / 8 / 16)
    }

    /// - Returns: how many of the values were in the set before, or came twice.
    mutating func insert<Value: FixedWidthInteger>(_ values: ArraySlice<Value>) -> Int {
        let before = count
        // Neighbours share a word, and most come together: it is written once for all that follow each other.
        var (word, bits): (Int64, UInt64) = (0, 0)
        for value in values {
            let value = Int64(value)
            if value >> 6 != word {
                if bits != 0 { add(bits, ofWord: word) }
                (word, bits) = (value >> 6, 0)
            }
            bits |= 1 << UInt64(truncatingIfNeeded: value & 63)
        }
        if bits != 0 { add(bits, ofWord: word) }
        return values.count - (count - before)
    }

    /// Adds those of the 64 values from 64 times `word` on whose bits are set.
    private mutating func add(_ bits: UInt64, ofWord word: Int64) {
        let page = word >> 9
        if page != last.number { turn(to: page) }
        let index = last.start + Int(word & 0x1FF)
        count += (bits & ~words[index]).nonzeroBitCount
        words[index] |= bits
    }

    /// Calls `body` with each value, in an order of its own.
    func forEach(_ body: (Int64) -> Void) {
        for (page, start) in pages {
            for word in 0..<Self.pageWords {
                Self.forEachBit(of: words[start + word]) { body(page << 15 | Int64(word << 6 | $0)) }
            }
        }
        for (page, missing) in missing {
            let missing = Set(missing)
            for value in 0..<Self.pageBits where !missing.contains(UInt16(value)) { body(page << 15 | Int64(value)) }
        }
    }

    private mutating func turn(to page: Int64) {
        leave()
        if let start = pages[page] {
            last = (page, start, count)
            return
        }
        let start = unused.popLast() ?? appendPage()
        if let missing = missing.removeValue(forKey: page) {
            unpack(missing, at: start)
        } else {
            filled[start / Self.pageWords] = 0
            for word in start..<start + Self.pageWords { words[word] = 0 }
        }
        pages[page] = start
        last = (page, start, count)
    }

    /// Notes how full the last page is, and keeps only what it lacks if that is little.
    private mutating func leave() {
        guard last.number != .min else { return }
        let slot = last.start / Self.pageWords
        filled[slot] += count - last.count
        // Where values jump between full pages, to pack and unpack one for each would take long.
        guard filled[slot] >= Self.pageBits - Self.missingLimit, unpackedCount * 64 <= count else { return }
        var lacks: [UInt16] = []
        for word in 0..<Self.pageWords {
            Self.forEachBit(of: ~words[last.start + word]) { lacks.append(UInt16(word << 6 | $0)) }
        }
        missing[last.number] = lacks
        pages[last.number] = nil
        unused.append(last.start)
    }

    private mutating func unpack(_ missing: [UInt16], at start: Int) {
        for word in start..<start + Self.pageWords { words[word] = .max }
        for value in missing { words[start + Int(value >> 6)] &= ~(1 << UInt64(value & 63)) }
        filled[start / Self.pageWords] = Self.pageBits - missing.count
        unpackedCount += 1
    }

    private mutating func appendPage() -> Int {
        words.append(contentsOf: repeatElement(0, count: Self.pageWords))
        filled.append(0)
        return words.count - Self.pageWords
    }

    private static func forEachBit(of word: UInt64, _ body: (Int) -> Void) {
        var bits = word
        while bits != 0 {
            body(bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}
