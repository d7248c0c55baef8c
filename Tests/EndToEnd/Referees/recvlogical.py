"""Reads what pg_recvlogical wrote of a slot with test_decoding: PostgreSQL's own decoding of its log, as text."""
import dataclasses, re


@dataclasses.dataclass
class Change:
    """A row's change; `new` and `old` have its columns as text, None for null. `old` has the replica identity, if it was logged."""
    table: str
    operation: str
    new: dict
    old: dict
    unchanged: set  # columns whose values lie outside of the row and were not written again


def changes(text):
    """The changes of all tables in the order of their commits. Each line is a change, unless a value has line ends."""
    found, at = [], 0
    while at < len(text):
        if text.startswith("table ", at):
            change, at = change_at(text, at + len("table "))
            found += change
        at = text.index("\n", at) + 1
    return found


def change_at(text, at):
    """`schema.table: INSERT: a[integer]:1 b[text]:'x'` or `a.b, c.d: TRUNCATE: (no-flags)`. -> ([Change], the place after it)"""
    end = text.index(": ", at)
    tables, at = text[at:end].split(", "), end + 2
    end = text.index(":", at)
    operation, at = text[at:end].lower(), end + 1
    if operation == "truncate": return [Change(t, operation, {}, {}, set()) for t in tables], at
    change = Change(tables[0], operation, {}, {}, set())
    into = change.old if operation == "delete" else change.new
    while text[at] == " ":
        at += 1
        if text.startswith("old-key:", at): into, at = change.old, at + len("old-key:")
        elif text.startswith("new-tuple:", at): into, at = change.new, at + len("new-tuple:")
        else:
            name, rest = text[at:text.index("[", at)], text.index("]:", at) + 2
            value, at = value_at(text, rest)
            if value is UNCHANGED: change.unchanged.add(name)
            else: into[name] = value
    return [change], at


UNCHANGED, WORD = object(), re.compile(r"[^ \n]+")


def value_at(text, at):
    """A literal: null, a number, true, 'text with '' doubled'. -> (its text, the place after it)"""
    if text[at] == "'":
        end = at + 1
        while text[end] != "'" or text[end + 1] == "'": end += 2 if text[end] == "'" else 1
        return text[at + 1:end].replace("''", "'"), end + 1
    word = WORD.match(text, at)[0]
    return {"null": None, "unchanged-toast-datum": UNCHANGED}.get(word, word), at + len(word)
