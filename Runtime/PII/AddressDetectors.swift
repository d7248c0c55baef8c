// Detectors of e-mail and IP addresses.

extension TextScan {
    /// Whether an e-mail address surrounds the `@` at `sign`.
    func email(around sign: Int) -> Bool {
        var start = sign
        while start > 0, isLocal(start - 1) { start -= 1 }
        guard (1...64).contains(sign - start), self[start] != UInt8(ascii: "."), self[sign - 1] != UInt8(ascii: ".")
        else { return false }
        var (end, labelStart, labels) = (sign + 1, sign + 1, 0)
        while true {
            while isLetter(end) || isDigit(end) || self[end] == UInt8(ascii: "-") || self[end] >= 0x80 { end += 1 }
            guard (1...63).contains(end - labelStart), self[labelStart] != UInt8(ascii: "-") else { break }
            labels += 1
            guard self[end] == UInt8(ascii: "."), isLetter(end + 1) || isDigit(end + 1) || self[end + 1] >= 0x80 else {
                break
            }
            end += 1
            labelStart = end
        }
        let last = labelStart..<end
        guard labels > 1, last.count >= 2, last.allSatisfy({ isLetter($0) || self[$0] >= 0x80 }) else { return false }
        // git@host.example:path is a repository, and picture@2x.png is a file.
        if self[end] == UInt8(ascii: ":"), isWord(end + 1) || self[end + 1] == UInt8(ascii: "/") { return false }
        return !Self.fileEndings.contains(String(decoding: last.map { self[$0] | 0x20 }, as: UTF8.self))
    }

    private static let fileEndings: Set<String> = [
        "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "txt",
    ]

    private func isLocal(_ index: Int) -> Bool {
        isWord(index) || [0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x3D, 0x7E].contains(self[index])
    }

    /// An IPv4 address at `start`. Version numbers and loopback addresses are not matched.
    func ipv4(at start: Int) -> Int? {
        var (at, octets): (Int, [Int]) = (start, [])
        while octets.count < 4 {
            let found = run(at: at)
            guard (1...3).contains(found.digits.count), found.digits.count == 1 || found.digits[0] != 0 else {
                return nil
            }
            octets.append(found.digits.number)
            at = found.end
            guard octets.count < 4 else { break }
            guard self[at] == UInt8(ascii: ".") else { return nil }
            at += 1
        }
        // A port or a prefix length may follow.
        guard endsAlone(at) || ([0x2F, 0x3A].contains(self[at]) && isDigit(at + 1)), octets.allSatisfy({ $0 < 256 }),
            octets[0] != 0, octets[0] != 127, octets[0] < 240, octets.contains(where: { $0 > 9 }), !isVersion(at: start)
        else { return nil }
        return at
    }

    private func isVersion(at start: Int) -> Bool {
        let before = (max(0, start - 9)..<start).map { self[$0] | 0x20 }
        return ["version ", "version:", "release ", "build ", "ver. "].contains {
            before.suffix($0.utf8.count) == Array($0.utf8)[...]
        }
    }

    /// An IPv6 address at `start`: eight groups of hexadecimal digits and colons, where `::` may replace some groups.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4291#section-2.2>
    func ipv6(at start: Int) -> Int? {
        var (at, groups, hasGap, hasDigit) = (start, 0, false, false)
        if self[at] == UInt8(ascii: ":") {
            guard self[at + 1] == UInt8(ascii: ":") else { return nil }
            (at, hasGap) = (at + 2, true)
        }
        while groups < 8 {
            let first = at
            while at - first < 4, isDigit(at) || (self[at] | 0x20) &- 0x61 < 6 {
                hasDigit = hasDigit || isDigit(at)
                at += 1
            }
            guard at > first else { break }
            groups += 1
            guard groups < 8, self[at] == UInt8(ascii: ":") else { break }
            if self[at + 1] == UInt8(ascii: ":") {
                if hasGap { return nil }
                (at, hasGap) = (at + 2, true)
            } else if isDigit(at + 1) || isLetter(at + 1) {
                at += 1
            } else {
                break
            }
        }
        guard hasDigit, hasGap ? (2..<8).contains(groups) : groups == 8, !isWord(at), self[at] != UInt8(ascii: ":")
        else { return nil }
        return at
    }
}
