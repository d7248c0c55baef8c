"""Checks how a Parquet file is laid out, byte by byte: page headers, checksums, page index, bloom filters, sizes.

Reads Thrift's compact protocol itself, so that nothing a library leaves out or repairs goes unseen. Every struct is a
dictionary by field id; the ids are those of parquet.thrift.
"""
import struct
import zlib

DATA, DICTIONARY, DATA_V2 = 0, 2, 3
BYTE_ARRAY, FIXED = 6, 7


class Thrift:
    def __init__(self, data, at):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind, in_list=False):
        if kind in (1, 2):
            return self.byte() == 1 if in_list else kind == 1
        if kind == 3:
            return struct.unpack("b", bytes([self.byte()]))[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 8:
            length = self.varint()
            self.at += length
            return bytes(self.data[self.at - length:self.at])
        if kind == 9:
            head = self.byte()
            count = head >> 4 if head >> 4 != 15 else self.varint()
            return [self.value(head & 15, True) for _ in range(count)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"Thrift type {kind} at {self.at}")

    def struct(self):
        fields, last = {}, 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            last = last + (head >> 4) if head >> 4 else self.zigzag()
            fields[last] = self.value(head & 15)


def read(data, at):
    """The struct at `at`, and where it ends."""
    thrift = Thrift(data, at)
    return thrift.struct(), thrift.at


class Order:
    """Values, as the referee's canonical form has them, in the order of their column."""

    def __init__(self, element):
        self.type, self.length = element.get(1), element.get(2)
        logical = element.get(10, {})
        self.is_unsigned = 10 in logical and not logical[10][2]
        self.is_decimal = 5 in logical
        self.is_floating = self.type in (4, 5)
        self.is_text = bool(logical.keys() & {1, 12})

    def key(self, value):
        """What Python compares as Parquet does; None for NaN."""
        if self.is_floating:
            if value == "nan":
                return None
            width = 4 if self.type == 4 else 8
            return struct.unpack(">f" if width == 4 else ">d", int(value, 16).to_bytes(width, "big"))[0]
        if self.is_decimal or isinstance(value, bool):
            return int(value)
        if self.type == BYTE_ARRAY and self.is_text:
            return value.encode()
        return bytes.fromhex(value) if isinstance(value, str) else value

    def decode(self, raw):
        """A bound as the footer has it, as `key` gives it."""
        if self.type == 0:
            return raw[0]
        if self.is_floating:
            return struct.unpack("<f" if self.type == 4 else "<d", raw)[0]
        if self.type in (1, 2):
            return int.from_bytes(raw, "little", signed=not self.is_unsigned)
        if self.is_decimal:
            return int.from_bytes(raw, "big", signed=True)
        return raw


def shown(value):
    return repr(value)[:120]


class Layout:
    """One file. `wanted` is what the test asked the writer for; `fail` takes words that say what is wrong."""

    def __init__(self, data, wanted, fail):
        self.data, self.wanted, self.fail = data, wanted, fail
        size = struct.unpack("<I", data[-8:-4])[0]
        if data[:4] != b"PAR1" or data[-4:] != b"PAR1":
            fail("the magic is missing")
        self.footer, end = read(data, len(data) - 8 - size)
        if end != len(data) - 8:
            fail("the footer does not fill its room")
        self.elements = [e for e in self.footer[2] if 5 not in e]
        if self.footer[1] != 1:
            fail("version", self.footer[1])

    def check(self, columns):
        """`columns` are the expected values, all rows of each."""
        row = 0
        for group in self.footer[4]:
            rows = slice(row, row + group[3])
            row = rows.stop
            if [[s[1], s[2], s[3]] for s in group.get(4, [])] != self.wanted.get("sorting", []):
                self.fail("sorting columns", group.get(4))
            for element, chunk, column in zip(self.elements, group[1], columns):
                name = element[4].decode()
                Chunk(self, element, chunk, column, lambda *words: self.fail(name, *words)).check(
                    column["values"][rows])
        return self


class Chunk:
    def __init__(self, layout, element, chunk, column, fail):
        self.layout, self.chunk, self.column, self.fail = layout, chunk, column, fail
        self.data, self.wanted = layout.data, layout.wanted
        self.meta, self.order = chunk[3], Order(element)

    def check(self, values):
        pages = self.pages()
        counts = {}
        uncompressed = compressed = 0
        for header, start, body in pages:
            kind = header[1]
            encoding = header.get(5, header.get(8, header.get(7)))[4 if kind == DATA_V2 else 2]
            counts[kind, encoding] = counts.get((kind, encoding), 0) + 1
            uncompressed += header[2] + body - start
            compressed += header[3] + body - start
            self.check_page(header, body)
        if sorted(counts.items()) != sorted(((s[1], s[2]), s[3]) for s in self.meta[13]):
            self.fail("encoding statistics", self.meta[13], "for", counts)
        if (uncompressed, compressed) != (self.meta[6], self.meta[7]):
            self.fail("sizes", self.meta[6], self.meta[7], "for", uncompressed, compressed)
        if self.meta[4] != self.wanted["codec"]:
            self.fail("codec", self.meta[4])
        self.check_statistics(values)
        self.check_index([p for p in pages if p[0][1] != DICTIONARY], values)
        self.check_sizes(self.meta.get(16, {}).get(1), values, "size statistics")
        self.check_bloom_filter(values)

    def pages(self):
        """(header, where it starts, where the body starts) of each page, walked from the first byte of the chunk."""
        at = self.meta.get(11, self.meta[9])
        end = at + self.meta[7]
        found = []
        while at < end:
            header, body = read(self.data, at)
            found.append((header, at, body))
            at = body + header[3]
        if at != end:
            self.fail("pages end at", at, "not", end)
        return found

    def check_page(self, header, body):
        stored = self.data[body:body + header[3]]
        if (4 in header) != self.wanted["checksums"]:
            self.fail("checksum of a page", header.get(4))
        elif 4 in header and header[4] & 0xFFFFFFFF != zlib.crc32(stored):
            self.fail("checksum", header[4], "for", zlib.crc32(stored))
        if header[1] == DICTIONARY:
            return
        if header[1] != (DATA_V2 if self.wanted["version"] == 2 else DATA):
            self.fail("page type", header[1])
        if header[1] == DATA_V2:
            page = header[8]
            if not page[7] and header[2] != header[3]:
                self.fail("an uncompressed page of", header[3], "bytes says", header[2])
            if page[7] and header[3] >= header[2]:
                self.fail("compression made", header[3], "bytes of", header[2])
            if page[1] != page[3] or page[6] != 0:
                self.fail("levels of a flat column", page)

    def check_bounds(self, low, high, values, place, exact=(True, True)):
        """Bounds hold for every value and are exact, unless the file says otherwise."""
        keys = [k for k in (self.order.key(v) for v in values if v is not None) if k is not None]
        if not keys:
            if low is not None or high is not None:
                self.fail(place, "bounds without values", shown(low), shown(high))
            return
        least, greatest = min(keys), max(keys)
        for bound, key, is_exact, holds in (
                (low, least, exact[0], lambda b: b <= least), (high, greatest, exact[1], lambda b: b >= greatest)):
            if bound is None:
                # Only a maximum may be missing: when nothing short is above it.
                if key is least and key is not greatest or len(key) <= 64:
                    self.fail(place, "bound is missing for", shown(key))
                continue
            if self.order.type in (BYTE_ARRAY,) and len(bound) > 64 + 4:
                self.fail(place, "bound of", len(bound), "bytes")
            bound = self.order.decode(bound)
            if not holds(bound) or is_exact and bound != key:
                self.fail(place, "bound", shown(bound), "for", shown(key))
        if self.order.is_floating:
            zero = {4: "<f", 5: "<d"}[self.order.type]
            if least == 0 and low != struct.pack(zero, -0.0) or greatest == 0 and high != struct.pack(zero, 0.0):
                self.fail(place, "zero bounds", low, high)

    def check_statistics(self, values):
        statistics = self.meta[12]
        if statistics[3] != sum(v is None for v in values):
            self.fail("null count", statistics[3])
        if statistics.get(9) != (sum(v == "nan" for v in values) if self.order.is_floating else None):
            self.fail("NaN count", statistics.get(9))
        if (5 in statistics) != (7 in statistics) or (6 in statistics) != (8 in statistics):
            self.fail("exactness is not told", statistics)
        self.check_bounds(statistics.get(6), statistics.get(5), values, "statistics",
                          (statistics.get(8), statistics.get(7)))
        texts = [v for v in values if v is not None] if self.order.type == BYTE_ARRAY else []
        if texts and not statistics.get(7) and max(len(self.order.key(t)) for t in texts) <= 64:
            self.fail("a short maximum is not exact")

    def check_index(self, pages, values):
        if not self.wanted["page_index"]:
            if self.chunk.keys() & {4, 5, 6, 7}:
                self.fail("a page index that nobody asked for")
            return
        offsets, end = read(self.data, self.chunk[4])
        if end - self.chunk[4] != self.chunk[5]:
            self.fail("offset index of", end - self.chunk[4], "bytes, not", self.chunk[5])
        row, places, parts = 0, [], []
        for header, start, body in pages:
            places.append((start, body - start + header[3], row))
            count = header.get(5, header.get(8))[1]
            parts.append(values[row:row + count])
            row += count
        if [(p[1], p[2], p[3]) for p in offsets[1]] != places:
            self.fail("page locations", shown(offsets[1]), "for", shown(places))
        for header, part in zip((p[0] for p in pages), parts):
            if header[1] == DATA_V2 and header[8][2] != sum(v is None for v in part):
                self.fail("nulls of a page", header[8][2])
        for size, part in zip(offsets.get(2, [None] * len(parts)), parts):
            self.check_sizes(size, part, "offset index")
        has_unbounded = any(self.is_unbounded(part) for part in parts)
        if (6 in self.chunk) == has_unbounded:
            self.fail("column index", 6 in self.chunk, "although a page", "has" if has_unbounded else "lacks no", "bounds")
        if 6 in self.chunk:
            self.check_column_index(parts)

    def is_unbounded(self, values):
        keys = [self.order.key(v) for v in values if v is not None]
        if self.order.is_floating:
            return bool(keys) and all(k is None for k in keys)
        return bool(keys) and self.order.type == BYTE_ARRAY and not self.order.is_text and max(keys)[:64] == b"\xff" * 64

    def check_column_index(self, parts):
        index, end = read(self.data, self.chunk[6])
        if end - self.chunk[6] != self.chunk[7]:
            self.fail("column index of", end - self.chunk[6], "bytes, not", self.chunk[7])
        if index[1] != [all(v is None for v in part) for part in parts]:
            self.fail("null pages", index[1])
        if index[5] != [sum(v is None for v in part) for part in parts]:
            self.fail("null counts", index[5])
        if index.get(8) != ([sum(v == "nan" for v in part) for part in parts] if self.order.is_floating else None):
            self.fail("NaN counts", index.get(8))
        bounds = []
        for is_null, low, high, part in zip(index[1], index[2], index[3], parts):
            if is_null:
                if low or high:
                    self.fail("bounds of a null page")
                continue
            longest = max((len(self.order.key(v)) for v in part if v is not None), default=0) \
                if self.order.type == BYTE_ARRAY else 0
            self.check_bounds(low, high, part, "column index", (longest <= 64, longest <= 64))
            bounds.append((self.order.decode(low), self.order.decode(high)))
        steps = list(zip(bounds, bounds[1:]))
        ascends = all(a[0] <= b[0] and a[1] <= b[1] for a, b in steps)
        descends = all(a[0] >= b[0] and a[1] >= b[1] for a, b in steps)
        if index[4] != (1 if ascends else 2 if descends else 0):
            self.fail("boundary order", index[4], "for", shown(bounds))

    def check_sizes(self, size, values, place):
        wanted = None
        if self.wanted["sizes"] and self.order.type == BYTE_ARRAY:
            wanted = sum(len(self.order.key(v)) for v in values if v is not None)
        if size != wanted:
            self.fail(place, "bytes of text", size, "for", wanted)

    def check_bloom_filter(self, values):
        if not self.column.get("bloom") or all(v is None for v in values):
            if 14 in self.meta:
                self.fail("a bloom filter that nobody asked for")
            return
        header, body = read(self.data, self.meta[14])
        if body + header[1] - self.meta[14] != self.meta[15]:
            self.fail("bloom filter of", self.meta[15], "bytes")
        if header[1] % 32 or header[1] & header[1] - 1 or [list(header[k]) for k in (2, 3, 4)] != [[1]] * 3:
            self.fail("bloom filter", header)
