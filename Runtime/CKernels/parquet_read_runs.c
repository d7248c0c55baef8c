#include "parquet_read_kernels.h"
#include "parquet_unpack.h"

// The RLE / bit-packed hybrid: levels, dictionary positions, booleans.
// https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3

enum { block = 256 };

/// Goes to the next run that has values.
static bool next_run(parquet_runs *runs) {
    while (runs->left == 0) {
        uint64_t header;
        if (!parquet_get_varint(&runs->at, runs->end, &header)) return false;
        size_t room = (size_t)(runs->end - runs->at);
        runs->left = header >> 1;
        runs->is_packed = (header & 1) && runs->width > 0;
        if (!(header & 1)) {
            size_t bytes = (runs->width + 7) / 8;
            if (bytes > room) return runs->left = 0, false;
            runs->value = (uint32_t)(parquet_load_u64(runs->at) & ((1ull << 8 * bytes) - 1));
            if ((uint64_t)runs->value >> runs->width) return runs->left = 0, false;
            runs->at += bytes;
            continue;
        }
        if (runs->left >> 40) return runs->left = 0, false;
        uint64_t bytes = runs->left * runs->width;
        runs->left *= 8;
        runs->value = 0;
        runs->packed = runs->at;
        runs->position = 0;
        // The last run may be cut after its last value.
        if (bytes > room) {
            bytes = room;
            runs->left = (uint64_t)room * 8 / runs->width;
            if (runs->left == 0) return false;
        }
        runs->at += bytes;
    }
    return true;
}

/// Values of the current run, which is packed and has that many.
static void unpack(parquet_runs *runs, uint32_t *out, size_t count) {
    const uint8_t *in = runs->packed;
    uint64_t position = runs->position;
    unsigned width = runs->width;
    uint64_t mask = (1ull << width) - 1;
    size_t i = 0;
    for (; i < count && position % 8; i++, position += width)
        out[i] = (uint32_t)(parquet_load_u64(in + position / 8) >> position % 8 & mask);
    for (; i + 32 <= count; i += 32, position += 32 * width) parquet_unpack_32(in + position / 8, width, out + i);
    for (; i < count; i++, position += width)
        out[i] = (uint32_t)(parquet_load_u64(in + position / 8) >> position % 8 & mask);
    runs->position = position;
    runs->left -= count;
}

static inline size_t least(size_t a, uint64_t b) { return a < b ? a : (size_t)b; }

size_t parquet_runs_u32(parquet_runs *runs, uint32_t *out, size_t count) {
    size_t done = 0;
    while (done < count && next_run(runs)) {
        size_t step = least(count - done, runs->left);
        if (runs->is_packed) {
            unpack(runs, out + done, step);
        } else {
            for (size_t i = 0; i < step; i++) out[done + i] = runs->value;
            runs->left -= step;
        }
        done += step;
    }
    return done;
}

size_t parquet_runs_u8(parquet_runs *runs, uint8_t *out, size_t count) {
    size_t done = 0;
    while (done < count && next_run(runs)) {
        size_t step = least(count - done, runs->left);
        if (runs->is_packed) {
            uint32_t values[block];
            step = least(step, block);
            unpack(runs, values, step);
            for (size_t i = 0; i < step; i++) out[done + i] = (uint8_t)values[i];
        } else {
            memset(out + done, (int)runs->value, step);
            runs->left -= step;
        }
        done += step;
    }
    return done;
}

/// Puts the lowest `count` (1...64) bits of `bits`, the others 0, at bit `start` of `words`.
static inline void put_bits(uint64_t *words, size_t start, uint64_t bits, size_t count) {
    size_t shift = start & 63;
    words[start >> 6] |= bits << shift;
    if (shift + count > 64) words[(start >> 6) + 1] |= bits >> (64 - shift);
}

size_t parquet_runs_bits(parquet_runs *runs, uint64_t *words, size_t start, size_t count, size_t *ones) {
    size_t done = 0;
    while (done < count && next_run(runs)) {
        size_t step = least(count - done, runs->left);
        runs->left -= step;
        if (runs->is_packed) {
            uint64_t position = runs->position;
            for (size_t i = 0; i < step;) {
                // A word that starts within a byte has 57 bits at least.
                size_t taken = least(step - i, position % 8 ? 56 : 64);
                uint64_t bits = parquet_load_u64(runs->packed + position / 8) >> position % 8;
                if (taken < 64) bits &= (1ull << taken) - 1;
                put_bits(words, start + done + i, bits, taken);
                *ones += (size_t)__builtin_popcountll(bits);
                i += taken;
                position += taken;
            }
            runs->position = position;
        } else if (runs->value) {
            for (size_t i = 0; i < step;) {
                size_t at = start + done + i, taken = least(step - i, 64 - at % 64);
                words[at / 64] |= (taken < 64 ? (1ull << taken) - 1 : ~0ull) << at % 64;
                i += taken;
            }
            *ones += step;
        }
        done += step;
    }
    return done;
}

static inline bool fit(const uint32_t *codes, size_t count, size_t key_count) {
    uint32_t greatest = 0;
    for (size_t i = 0; i < count; i++) greatest = codes[i] > greatest ? codes[i] : greatest;
    return count == 0 || greatest < key_count;
}

#define KEYS(NAME, TYPE)                                                                                               \
    size_t NAME(parquet_runs *runs, const TYPE *keys, size_t key_count, TYPE *out, size_t count) {                     \
        size_t done = 0;                                                                                               \
        while (done < count && next_run(runs)) {                                                                       \
            size_t step = least(count - done, runs->left);                                                             \
            if (runs->is_packed) {                                                                                     \
                uint32_t codes[block];                                                                                 \
                step = least(step, block);                                                                             \
                unpack(runs, codes, step);                                                                             \
                if (!fit(codes, step, key_count)) return done;                                                         \
                for (size_t i = 0; i < step; i++) out[done + i] = keys[codes[i]];                                      \
            } else {                                                                                                   \
                if (runs->value >= key_count) return done;                                                             \
                TYPE key = keys[runs->value];                                                                          \
                for (size_t i = 0; i < step; i++) out[done + i] = key;                                                 \
                runs->left -= step;                                                                                    \
            }                                                                                                          \
            done += step;                                                                                              \
        }                                                                                                              \
        return done;                                                                                                   \
    }

KEYS(parquet_runs_keys_32, uint32_t)
KEYS(parquet_runs_keys_64, uint64_t)

bool parquet_read_fixed_keys(const uint32_t *codes, size_t count, const uint8_t *keys, size_t key_count, size_t width,
                             uint8_t *out) {
    if (!fit(codes, count, key_count)) return false;
    for (size_t i = 0; i < count; i++) memcpy(out + i * width, keys + codes[i] * width, width);
    return true;
}

void parquet_reverse_packed(const uint8_t *in, size_t count, unsigned width, uint8_t *out) {
    uint64_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = 0;
        for (size_t bit = i * width; bit < (i + 1) * width; bit++) value = value << 1 | (in[bit / 8] >> (7 - bit % 8) & 1);
        bits |= (uint64_t)value << held;
        held += width;
        for (; held >= 8; held -= 8, bits >>= 8) out[at++] = (uint8_t)bits;
    }
    if (held) out[at] = (uint8_t)bits;
}

size_t parquet_count_levels(const uint8_t *levels, size_t count, uint8_t level) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += levels[i] == level;
    return found;
}

bool parquet_levels_fit(const uint8_t *levels, size_t count, uint8_t most) {
    uint8_t greatest = 0;
    for (size_t i = 0; i < count; i++) greatest = levels[i] > greatest ? levels[i] : greatest;
    return greatest <= most;
}

size_t parquet_row_levels(const uint8_t *levels, size_t count, size_t *rows) {
    size_t zeros = 0;
    for (size_t i = 0; i < count; i++) {
        if (levels[i]) continue;
        if (zeros == *rows) return i;
        zeros++;
    }
    *rows = zeros;
    return count;
}
