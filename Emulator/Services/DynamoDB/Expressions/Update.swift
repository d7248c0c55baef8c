internal import EmulatorCore

/// An update that can be applied to an item.
struct Update: Sendable {
    enum Change: Sendable {
        case set(DocumentPath, Operand)
        case remove(DocumentPath)
        case add(DocumentPath, AttributeValue)
        case delete(DocumentPath, AttributeValue)
    }

    indirect enum Operand: Sendable {
        case path(DocumentPath)
        case value(AttributeValue)
        /// `if_not_exists`
        case firstPresent([Operand])
        /// `list_append`
        case appended([Operand])
        case sum(Operand, Operand)
        case difference(Operand, Operand)
    }

    let changes: [Change]
    /// The error if a change does not fit the type of its attribute.
    let wrongType: DynamoDBFault

    init(
        changes: [Change],
        wrongType: DynamoDBFault = .validation("An operand in the update expression has an incorrect data type")
    ) {
        self.changes = changes
        self.wrongType = wrongType
    }

    var paths: [DocumentPath] { changes.map(\.path) }

    /// Whether it only removes. Such an update does not create an item.
    var onlyRemoves: Bool {
        !changes.isEmpty
            && changes.allSatisfy { change in
                switch change {
                case .remove, .delete: true
                case .set, .add: false
                }
            }
    }

    /// The item after the update. All operands are read from the item before the update.
    /// - Throws: ``DynamoDBFault/validation(_:)`` if the item lacks what the update needs.
    func applied(to item: Item) throws(DynamoDBFault) -> Item {
        var result = item
        var sets: [(path: DocumentPath, value: AttributeValue)] = []
        for case .set(let path, let operand) in changes { sets.append((path, try operand.value(in: item, wrongType))) }
        // Elements past a list's end are appended in the order of their indexes.
        for set in sets.sorted(by: { $0.path.precedes($1.path) }) {
            try result.change(at: set.path) { value throws(DynamoDBFault) in value = set.value }
        }
        for case .add(let path, let addend) in changes {
            try result.change(at: path) { value throws(DynamoDBFault) in value = try addend.added(to: value, wrongType)
            }
        }
        for case .delete(let path, let members) in changes {
            try result.change(at: path) { value throws(DynamoDBFault) in
                value = try members.deleted(from: value, wrongType)
            }
        }
        // From the last element to the first, so that removals do not shift later indexes.
        let removed = changes.compactMap { change in if case .remove(let path) = change { path } else { nil } }
        for path in removed.sorted(by: { $1.precedes($0) }) {
            try result.change(at: path) { value throws(DynamoDBFault) in value = nil }
        }
        return result
    }
}

extension Update.Change {
    var path: DocumentPath {
        switch self {
        case .set(let path, _), .remove(let path), .add(let path, _), .delete(let path, _): path
        }
    }
}

extension DynamoDBFault {
    fileprivate static let missingAttribute = DynamoDBFault.validation(
        "The provided expression refers to an attribute that does not exist in the item")
    fileprivate static let invalidPath = DynamoDBFault.validation(
        "The document path provided in the update expression is invalid for update")
}

extension Update.Operand {
    fileprivate func value(in item: Item, _ wrongType: DynamoDBFault) throws(DynamoDBFault) -> AttributeValue {
        switch self {
        case .path(let path):
            guard let value = path.value(in: item) else { throw .missingAttribute }
            return value
        case .value(let value): return value
        case .firstPresent(let operands):
            if case .path(let path) = operands[0], let value = path.value(in: item) { return value }
            return try operands[1].value(in: item, wrongType)
        case .appended(let operands):
            guard case .list(let first) = try operands[0].value(in: item, wrongType),
                case .list(let second) = try operands[1].value(in: item, wrongType)
            else { throw wrongType }
            return .list(first + second)
        case .sum(let left, let right):
            return try Self.number(left, right, in: item, wrongType) { left, right throws(DecimalError) in
                try left.adding(right)
            }
        case .difference(let left, let right):
            return try Self.number(left, right, in: item, wrongType) { left, right throws(DecimalError) in
                try left.subtracting(right)
            }
        }
    }

    private static func number(
        _ left: Update.Operand, _ right: Update.Operand, in item: Item, _ wrongType: DynamoDBFault,
        _ combine: (DecimalNumber, DecimalNumber) throws(DecimalError) -> DecimalNumber
    ) throws(DynamoDBFault) -> AttributeValue {
        guard case .number(let left) = try left.value(in: item, wrongType),
            case .number(let right) = try right.value(in: item, wrongType)
        else { throw wrongType }
        do throws(DecimalError) {
            return .number(try combine(left, right))
        } catch {
            throw .validation(error.message)
        }
    }
}

extension AttributeValue {
    /// ADD: the sum or the union, or the value itself if there was none.
    func added(to value: AttributeValue?, _ wrongType: DynamoDBFault) throws(DynamoDBFault) -> AttributeValue {
        switch (value, self) {
        case (nil, _): return self
        case (.number(let left), .number(let right)):
            do throws(DecimalError) {
                return .number(try left.adding(right))
            } catch {
                throw .validation(error.message)
            }
        case (.stringSet(let old), .stringSet(let new)):
            let known = Set(old.map { Array($0.utf8) })
            return .stringSet(old + new.filter { !known.contains(Array($0.utf8)) })
        case (.numberSet(let old), .numberSet(let new)):
            let known = Set(old)
            return .numberSet(old + new.filter { !known.contains($0) })
        case (.binarySet(let old), .binarySet(let new)):
            let known = Set(old)
            return .binarySet(old + new.filter { !known.contains($0) })
        default: throw wrongType
        }
    }

    /// DELETE: the set without these members; nil if none is left.
    func deleted(from value: AttributeValue?, _ wrongType: DynamoDBFault) throws(DynamoDBFault) -> AttributeValue? {
        switch (value, self) {
        case (nil, _): return nil
        case (.stringSet(let old), .stringSet(let gone)):
            let gone = Set(gone.map { Array($0.utf8) })
            let kept = old.filter { !gone.contains(Array($0.utf8)) }
            return kept.isEmpty ? nil : .stringSet(kept)
        case (.numberSet(let old), .numberSet(let gone)):
            let kept = old.filter { !Set(gone).contains($0) }
            return kept.isEmpty ? nil : .numberSet(kept)
        case (.binarySet(let old), .binarySet(let gone)):
            let kept = old.filter { !Set(gone).contains($0) }
            return kept.isEmpty ? nil : .binarySet(kept)
        default: throw wrongType
        }
    }
}

extension DocumentPath {
    /// An order that sorts elements of one list by their indexes.
    fileprivate func precedes(_ other: DocumentPath) -> Bool {
        if !attribute.hasSameBytes(as: other.attribute) { return attribute.precedesByBytes(other.attribute) }
        for (left, right) in zip(steps, other.steps) where left != right {
            switch (left, right) {
            case (.element(let left), .element(let right)): return left < right
            case (.member(let left), .member(let right)): return left.precedesByBytes(right)
            case (.element, .member): return true
            case (.member, .element): return false
            }
        }
        return steps.count < other.steps.count
    }
}

extension Item {
    /// Lets `body` change the value at `path`; nil means no value.
    fileprivate mutating func change(
        at path: DocumentPath, _ body: (inout AttributeValue?) throws(DynamoDBFault) -> Void
    ) throws(DynamoDBFault) {
        var value = self[path.attribute]
        try AttributeValue.change(&value, at: path.steps[...], body)
        self[path.attribute] = value
    }
}

extension AttributeValue {
    fileprivate static func change(
        _ value: inout AttributeValue?, at steps: ArraySlice<DocumentPath.Step>,
        _ body: (inout AttributeValue?) throws(DynamoDBFault) -> Void
    ) throws(DynamoDBFault) {
        guard let step = steps.first else { return try body(&value) }
        switch (step, value) {
        case (.member(let name), .map(var map)):
            var inner = map[name]
            try change(&inner, at: steps.dropFirst(), body)
            map[name] = inner
            value = .map(map)
        case (.element(let index), .list(var elements)):
            var inner = index < elements.count ? elements[index] : nil
            try change(&inner, at: steps.dropFirst(), body)
            switch inner {
            case let inner? where index < elements.count: elements[index] = inner
            case let inner?: elements.append(inner)
            case nil where index < elements.count: elements.remove(at: index)
            case nil: break
            }
            value = .list(elements)
        default: throw .invalidPath
        }
    }
}
