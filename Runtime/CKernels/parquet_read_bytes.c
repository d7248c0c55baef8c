#include "parquet_read_kernels.h"
#include "parquet_unpack.h"

// Byte arrays, values of fixed width in other orders, and LZ4 blocks.

/// Copies a value; both sides have room for 32 bytes, and what is copied too much is overwritten or of no use.
static inline void copy_value(uint8_t *out, const uint8_t *in, size_t length) {
    if (length <= 32) __builtin_memcpy_inline(out, in, 32);
    else memcpy(out, in, length);
}

static inline uint32_t load_u32(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

size_t parquet_read_plain_bytes(const uint8_t **at, const uint8_t *end, size_t count, uint32_t base, uint32_t *ends,
                                uint8_t *out) {
    const uint8_t *in = *at;
    size_t i = 0;
    for (; i < count && end - in >= 4; i++) {
        uint32_t length = load_u32(in);
        if (length > (uint64_t)(end - in - 4)) break;
        copy_value(out, in + 4, length);
        in += 4 + (size_t)length;
        out += length;
        ends[i] = base += length;
    }
    *at = in;
    return i;
}

size_t parquet_read_key_ends(const uint32_t *codes, size_t count, const uint32_t *key_offsets, size_t key_count,
                             uint32_t base, uint32_t limit, uint32_t *ends) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] >= key_count) return i;
        total += key_offsets[codes[i] + 1] - key_offsets[codes[i]];
        if (total > limit) return i;
        ends[i] = base + (uint32_t)total;
    }
    return count;
}

void parquet_read_keys(const uint32_t *codes, size_t count, const uint32_t *key_offsets, const uint8_t *keys,
                       uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t start = key_offsets[codes[i]], length = key_offsets[codes[i] + 1] - start;
        copy_value(out, keys + start, length);
        out += length;
    }
}

size_t parquet_read_prefixed(const uint8_t **at, const uint8_t *end, const int32_t *prefixes, const int32_t *suffixes,
                             size_t count, const uint8_t *previous, size_t previous_length, uint32_t base,
                             size_t limit, uint32_t *ends, uint8_t *out, size_t *written) {
    const uint8_t *in = *at;
    size_t total = 0, i = 0;
    for (; i < count; i++) {
        if (prefixes[i] < 0 || suffixes[i] < 0 || (size_t)prefixes[i] > previous_length || suffixes[i] > end - in) break;
        size_t prefix = (size_t)prefixes[i], suffix = (size_t)suffixes[i];
        if (prefix + suffix > limit - total) break;
        uint8_t *value = out + total;
        if (prefix) memcpy(value, previous, prefix);
        if (suffix) memcpy(value + prefix, in, suffix);
        in += suffix;
        total += prefix + suffix;
        ends[i] = base + (uint32_t)total;
        previous = value;
        previous_length = prefix + suffix;
    }
    *at = in;
    *written = total;
    return i;
}

static inline __attribute__((always_inline)) void join(const uint8_t *streams, size_t total, size_t count, size_t width,
                                                       uint8_t *out) {
    enum { tile = 64 };
    size_t first = 0;
    for (; first + tile <= count; first += tile)
        for (size_t k = 0; k < width; k++)
            for (size_t i = 0; i < tile; i++) out[(first + i) * width + k] = streams[k * total + first + i];
    for (size_t i = first; i < count; i++)
        for (size_t k = 0; k < width; k++) out[i * width + k] = streams[k * total + i];
}

void parquet_join_streams(const uint8_t *restrict streams, size_t total, size_t first, size_t count, size_t width,
                          uint8_t *restrict out) {
    if (width == 4) join(streams + first, total, count, 4, out);
    else if (width == 8) join(streams + first, total, count, 8, out);
    else join(streams + first, total, count, width, out);
}

void parquet_unpack_booleans(const uint8_t *bits, size_t start, size_t count, uint8_t *out) {
    size_t i = 0;
    for (; i < count && (start + i) % 8; i++) out[i] = bits[(start + i) / 8] >> (start + i) % 8 & 1;
    for (; i + 8 <= count; i += 8) {
        // Each byte of the product has the bit that it is masked for, and then becomes 0 or 1.
        uint64_t spread = (bits[(start + i) / 8] * 0x0101010101010101ull) & 0x8040201008040201ull;
        spread = (spread + 0x7F7F7F7F7F7F7F7Full) >> 7 & 0x0101010101010101ull;
        memcpy(out + i, &spread, 8);
    }
    for (; i < count; i++) out[i] = bits[(start + i) / 8] >> (start + i) % 8 & 1;
}

size_t parquet_read_lz4(const uint8_t *in, size_t count, uint8_t *out, size_t room) {
    const uint8_t *end = in + count;
    size_t written = 0;
    while (in < end) {
        uint8_t token = *in++;
        size_t literals = token >> 4, match = token & 15;
        if (literals == 15) {
            uint8_t more;
            do {
                if (in == end) return SIZE_MAX;
                more = *in++;
                literals += more;
            } while (more == 255);
        }
        if (literals > (size_t)(end - in) || literals > room - written) return SIZE_MAX;
        memcpy(out + written, in, literals);
        in += literals;
        written += literals;
        if (in == end) return written; // the last sequence has literals only
        if (end - in < 2) return SIZE_MAX;
        size_t offset = in[0] | (size_t)in[1] << 8;
        in += 2;
        if (match == 15) {
            uint8_t more;
            do {
                if (in == end) return SIZE_MAX;
                more = *in++;
                match += more;
            } while (more == 255);
        }
        match += 4;
        if (offset == 0 || offset > written || match > room - written) return SIZE_MAX;
        uint8_t *to = out + written;
        written += match;
        if (offset >= match) {
            memcpy(to, to - offset, match);
        } else {
            for (size_t i = 0; i < match; i++) to[i] = to[i - offset];
        }
    }
    return written;
}
