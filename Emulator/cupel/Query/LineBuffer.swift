/// A line that a user edits, and the lines before it that can be taken up again.
struct LineBuffer {
    enum Key: Hashable {
        case character(Character)
        case left, right, home, end, up, down
        case backspace, delete, cutLine, cutToEnd, cutWord
    }

    private(set) var characters: [Character] = []
    /// Before which character the next one goes.
    private(set) var cursor = 0
    /// The oldest first.
    private(set) var history: [String]
    /// The line of the history that is shown; the number of lines for the one that is new.
    private var shown: Int
    private var draft: [Character] = []

    init(history: [String] = []) {
        self.history = history
        shown = history.count
    }

    var text: String { String(characters) }

    mutating func press(_ key: Key) {
        switch key {
        case .character(let character):
            characters.insert(character, at: cursor)
            cursor += 1
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(characters.count, cursor + 1)
        case .home: cursor = 0
        case .end: cursor = characters.count
        case .up: show(shown - 1)
        case .down: show(shown + 1)
        case .backspace:
            guard cursor > 0 else { return }
            cursor -= 1
            characters.remove(at: cursor)
        case .delete: if cursor < characters.count { characters.remove(at: cursor) }
        case .cutLine:
            characters.removeFirst(cursor)
            cursor = 0
        case .cutToEnd: characters.removeLast(characters.count - cursor)
        case .cutWord:
            while cursor > 0, characters[cursor - 1] == " " { press(.backspace) }
            while cursor > 0, characters[cursor - 1] != " " { press(.backspace) }
        }
    }

    private mutating func show(_ line: Int) {
        guard (0...history.count).contains(line), line != shown else { return }
        if shown == history.count { draft = characters }
        shown = line
        characters = line == history.count ? draft : Array(history[line])
        cursor = characters.count
    }

    /// Begins a new line.
    mutating func clear() { (characters, cursor, shown, draft) = ([], 0, history.count, []) }

    /// Adds a statement to the history, unless it is the last one again.
    mutating func remember(_ statement: String) {
        if !statement.isEmpty, statement != history.last { history.append(statement) }
        clear()
    }
}
