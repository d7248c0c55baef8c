#include "parquet_kernels.h"
#include <string.h>

// Bit packing, the RLE / bit-packed hybrid and DELTA_BINARY_PACKED.
// https://github.com/apache/parquet-format/blob/master/Encodings.md

static inline size_t put_varint(uint8_t *out, uint64_t value) {
    size_t at = 0;
    while (value >= 0x80) {
        out[at++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[at++] = (uint8_t)value;
    return at;
}

static inline void put_u64(uint8_t *out, uint64_t value) { memcpy(out, &value, 8); }

size_t parquet_pack_u32(const uint32_t *values, size_t count, unsigned width, uint8_t *out) {
    uint8_t *start = out;
    uint64_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < count; i++) {
        bits |= (uint64_t)values[i] << held;
        held += width;
        if (held >= 32) {
            uint32_t low = (uint32_t)bits;
            memcpy(out, &low, 4);
            out += 4;
            bits >>= 32;
            held -= 32;
        }
    }
    put_u64(out, bits);
    return (size_t)(out - start) + (held + 7) / 8;
}

/// Eight 4-bit codes make one word: the shape of every column of few values.
static size_t pack_nibbles(const uint32_t *values, size_t count, uint8_t *out) {
    size_t i = 0;
    uint8_t *start = out;
    for (; i + 8 <= count; i += 8, out += 4) {
        uint32_t word = values[i] | values[i + 1] << 4 | values[i + 2] << 8 | values[i + 3] << 12 |
                        values[i + 4] << 16 | values[i + 5] << 20 | values[i + 6] << 24 | values[i + 7] << 28;
        memcpy(out, &word, 4);
    }
    if (i < count) out += parquet_pack_u32(values + i, count - i, 4, out);
    return (size_t)(out - start);
}

static inline __attribute__((always_inline)) size_t pack_u64(const uint64_t *values, size_t count, unsigned width, uint8_t *out) {
    if (width == 0) return 0;
    uint8_t *start = out;
    uint64_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < count; i++) {
        bits |= values[i] << held;
        if (held + width >= 64) {
            put_u64(out, bits);
            out += 8;
            unsigned used = 64 - held;
            bits = used == 64 ? 0 : values[i] >> used;
            held = held + width - 64;
            if (held == 0) bits = 0;
        } else {
            held += width;
        }
    }
    put_u64(out, bits);
    return (size_t)(out - start) + (held + 7) / 8;
}

size_t parquet_pack_booleans(const uint8_t *values, size_t count, uint8_t *out) {
    size_t i = 0, bytes = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, values + i, 8);
        out[bytes++] = (uint8_t)(((word & 0x0101010101010101ull) * 0x0102040810204080ull) >> 56);
    }
    if (i < count) {
        uint8_t last = 0;
        for (unsigned bit = 0; i < count; i++, bit++) last |= (uint8_t)((values[i] & 1) << bit);
        out[bytes++] = last;
    }
    return bytes;
}

/// Up to 64 bits from any position; reads no word that holds none of them.
static inline uint64_t bits_at(const uint64_t *words, size_t position, unsigned count) {
    size_t word = position >> 6;
    unsigned shift = position & 63;
    uint64_t bits = words[word] >> shift;
    if (shift && shift + count > 64) bits |= words[word + 1] << (64 - shift);
    return count == 64 ? bits : bits & ((1ull << count) - 1);
}

size_t parquet_count_bits(const uint64_t *words, size_t start, size_t count) {
    size_t total = 0;
    for (; count >= 64; start += 64, count -= 64) total += (size_t)__builtin_popcountll(bits_at(words, start, 64));
    if (count) total += (size_t)__builtin_popcountll(bits_at(words, start, (unsigned)count));
    return total;
}

size_t parquet_select_bit(const uint64_t *words, size_t start, size_t count, size_t rank) {
    size_t done = 0;
    while (done < count && rank) {
        unsigned step = count - done < 64 ? (unsigned)(count - done) : 64;
        uint64_t bits = bits_at(words, start + done, step);
        size_t ones = (size_t)__builtin_popcountll(bits);
        if (ones < rank) {
            rank -= ones;
            done += step;
            continue;
        }
        while (--rank) bits &= bits - 1;
        return done + (size_t)__builtin_ctzll(bits) + 1;
    }
    return done;
}

static size_t put_literals(const uint32_t *codes, size_t count, unsigned width, uint8_t *out) {
    size_t groups = (count + 7) / 8;
    size_t at = put_varint(out, groups << 1 | 1);
    size_t bytes = groups * width;
    size_t written = width == 4 ? pack_nibbles(codes, count, out + at) : parquet_pack_u32(codes, count, width, out + at);
    memset(out + at + written, 0, bytes - written); // the last group is padded to eight values
    return at + bytes;
}

size_t parquet_hybrid_bound(size_t count, unsigned width) {
    return (count / 8 + 1) * (width + 6) + 32;
}

size_t parquet_hybrid_u32(const uint32_t *codes, size_t count, unsigned width, uint8_t *out) {
    size_t at = 0, literal = 0, i = 0;
    unsigned value_bytes = (width + 7) / 8;
    // A run must save more than its own header, its value and a second literal header cost.
    size_t worth = (value_bytes + 4) * 8 / width + 8;
    while (i + 8 <= count) {
        uint32_t first = codes[i];
        uint32_t differs = 0;
        for (unsigned k = 1; k < 8; k++) differs |= codes[i + k] ^ first;
        if (differs) {
            i += 8;
            continue;
        }
        size_t end = i + 8;
        while (end < count && codes[end] == first) end++;
        if (end - i < worth) {
            i += (end - i) & ~(size_t)7; // literals stay in groups of eight
            continue;
        }
        if (i > literal) at += put_literals(codes + literal, i - literal, width, out + at);
        at += put_varint(out + at, (uint64_t)(end - i) << 1);
        for (unsigned byte = 0; byte < value_bytes; byte++) out[at++] = (uint8_t)(first >> (8 * byte));
        i = literal = end;
    }
    if (count > literal) at += put_literals(codes + literal, count - literal, width, out + at);
    return at;
}

size_t parquet_hybrid_bits(const uint64_t *words, size_t start, size_t count, uint8_t *out) {
    size_t at = 0, literal = 0, i = 0;
    while (i < count) {
        unsigned step = count - i < 64 ? (unsigned)(count - i) : 64;
        uint64_t bits = bits_at(words, start + i, step);
        uint64_t full = step == 64 ? ~0ull : (1ull << step) - 1;
        if (bits != 0 && bits != full) {
            i += step;
            continue;
        }
        uint8_t level = bits != 0;
        size_t end = i + step;
        while (end < count) {
            unsigned next = count - end < 64 ? (unsigned)(count - end) : 64;
            uint64_t same = level ? (next == 64 ? ~0ull : (1ull << next) - 1) : 0;
            if (bits_at(words, start + end, next) != same) break;
            end += next;
        }
        if (i > literal) {
            size_t bytes = (i - literal) / 8;
            at += put_varint(out + at, (uint64_t)bytes << 1 | 1);
            for (size_t k = 0; k < bytes; k += 8) put_u64(out + at + k, bits_at(words, start + literal + 8 * k, 64));
            at += bytes;
        }
        at += put_varint(out + at, (uint64_t)(end - i) << 1);
        out[at++] = level;
        i = literal = end;
    }
    if (count > literal) {
        size_t bytes = (count - literal + 7) / 8;
        at += put_varint(out + at, (uint64_t)bytes << 1 | 1);
        for (size_t k = 0; k < bytes; k += 8) {
            size_t left = count - literal - 8 * k;
            put_u64(out + at + k, bits_at(words, start + literal + 8 * k, left < 64 ? (unsigned)left : 64));
        }
        at += bytes;
    }
    return at;
}

enum { block_values = 128, miniblocks = 4, miniblock_values = block_values / miniblocks };

size_t parquet_delta_bound(size_t count, size_t width) {
    size_t blocks = count / block_values + 1;
    return 40 + blocks * (10 + miniblocks + block_values * width) + 8;
}

static inline uint64_t zigzag(int64_t value) { return (uint64_t)value << 1 ^ (uint64_t)(value >> 63); }

static inline unsigned bit_width(uint64_t value) { return value ? 64 - (unsigned)__builtin_clzll(value) : 0; }

// The same loops for wider registers and shifts by any register, where the processor has them.
#if defined(__x86_64__)
#define HAS_WIDER_VARIANT (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
#define WIDER_VARIANT(NAME, SIGNED)                                                                                    \
    __attribute__((target("avx2,bmi,bmi2"))) static size_t NAME##_avx2(                                          \
        const SIGNED *values, size_t count, uint8_t *out) {                                                            \
        return NAME##_body(values, count, out);                                                                        \
    }
#else
#define HAS_WIDER_VARIANT 0
#define WIDER_VARIANT(NAME, SIGNED)                                                                                    \
    static size_t NAME##_avx2(const SIGNED *values, size_t count, uint8_t *out) {                                      \
        return NAME##_body(values, count, out);                                                                        \
    }
#endif

// Differences wrap around in the value's own width, as the specification demands: an INT32 delta never needs 33 bits.
#define DELTA_ENCODER(NAME, SIGNED, UNSIGNED)                                                                          \
    static inline __attribute__((always_inline)) size_t NAME##_body(                                                   \
        const SIGNED *values, size_t count, uint8_t *out) {                                                            \
        size_t at = put_varint(out, block_values);                                                                     \
        at += put_varint(out + at, miniblocks);                                                                        \
        at += put_varint(out + at, count);                                                                             \
        at += put_varint(out + at, zigzag(count ? values[0] : 0));                                                     \
        for (size_t i = 1; i < count; i += block_values) {                                                             \
            size_t held = count - i < block_values ? count - i : block_values;                                         \
            SIGNED deltas[block_values];                                                                               \
            uint64_t packed[block_values];                                                                             \
            for (size_t k = 0; k < held; k++)                                                                          \
                deltas[k] = (SIGNED)((UNSIGNED)values[i + k] - (UNSIGNED)values[i + k - 1]);                           \
            SIGNED least = deltas[0];                                                                                  \
            for (size_t k = 1; k < held; k++) least = deltas[k] < least ? deltas[k] : least;                           \
            for (size_t k = 0; k < held; k++) packed[k] = (UNSIGNED)((UNSIGNED)deltas[k] - (UNSIGNED)least);           \
            for (size_t k = held; k < block_values; k++) packed[k] = 0;                                                \
            at += put_varint(out + at, zigzag(least));                                                                 \
            uint8_t *widths = out + at;                                                                                \
            at += miniblocks;                                                                                          \
            for (size_t m = 0; m < miniblocks; m++) {                                                                  \
                const uint64_t *block = packed + m * miniblock_values;                                                 \
                uint64_t all = 0;                                                                                      \
                for (size_t k = 0; k < miniblock_values; k++) all |= block[k];                                         \
                unsigned width = bit_width(all);                                                                       \
                widths[m] = (uint8_t)width;                                                                            \
                if (m * miniblock_values < held) at += pack_u64(block, miniblock_values, width, out + at);             \
            }                                                                                                          \
        }                                                                                                              \
        return at;                                                                                                     \
    }                                                                                                                  \
    WIDER_VARIANT(NAME, SIGNED)                                                                                        \
    size_t NAME(const SIGNED *values, size_t count, uint8_t *out) {                                                    \
        if (HAS_WIDER_VARIANT) return NAME##_avx2(values, count, out);                                                 \
        return NAME##_body(values, count, out);                                                                        \
    }

DELTA_ENCODER(parquet_delta_i32, int32_t, uint32_t)
DELTA_ENCODER(parquet_delta_i64, int64_t, uint64_t)
