#include "parquet_read_kernels.h"
#include "parquet_unpack.h"

// DELTA_BINARY_PACKED.
// https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-encoding-delta_binary_packed--5

static inline uint64_t unzigzag(uint64_t value) { return value >> 1 ^ (0 - (value & 1)); }

bool parquet_deltas_begin(parquet_deltas *deltas, const uint8_t *at, const uint8_t *end) {
    memset(deltas, 0, sizeof *deltas);
    uint64_t first;
    if (!parquet_get_varint(&at, end, &deltas->block_size) || !parquet_get_varint(&at, end, &deltas->miniblock_count) ||
        !parquet_get_varint(&at, end, &deltas->left) || !parquet_get_varint(&at, end, &first))
        return false;
    if (deltas->block_size == 0 || deltas->block_size % 128 || deltas->block_size >> 31 || deltas->miniblock_count == 0 ||
        deltas->block_size % deltas->miniblock_count || deltas->block_size / deltas->miniblock_count % 32 ||
        deltas->left >> 40)
        return false;
    deltas->last = unzigzag(first);
    deltas->has_first = deltas->left > 0;
    deltas->miniblock = deltas->miniblock_count;
    deltas->at = at;
    deltas->end = end;
    return true;
}

/// Goes to the next miniblock.
static bool next_miniblock(parquet_deltas *deltas) {
    if (deltas->miniblock == deltas->miniblock_count) {
        uint64_t least;
        if (!parquet_get_varint(&deltas->at, deltas->end, &least)) return false;
        if ((uint64_t)(deltas->end - deltas->at) < deltas->miniblock_count) return false;
        deltas->least = unzigzag(least);
        deltas->widths = deltas->at;
        deltas->at += deltas->miniblock_count;
        deltas->miniblock = 0;
    }
    deltas->width = deltas->widths[deltas->miniblock++];
    deltas->miniblock_left = deltas->block_size / deltas->miniblock_count;
    return deltas->width <= 64;
}

/// The next 32 deltas, less the least; those behind the last value are of no use.
static bool next_deltas(parquet_deltas *deltas, uint64_t *out) {
    if (deltas->miniblock_left == 0 && !next_miniblock(deltas)) return false;
    unsigned width = deltas->width;
    uint64_t used = deltas->left < 32 ? deltas->left : 32;
    size_t room = (size_t)(deltas->end - deltas->at);
    if (room < (used * width + 7) / 8) return false;
    const uint8_t *in = deltas->at;
    if (room < 4 * width) {
        // The last miniblock may be cut after its last value; the room behind the page ends sooner than a whole one.
        uint8_t copy[4 * 64 + 16] = {0};
        memcpy(copy, in, room);
        for (unsigned i = 0; i < used; i++) {
            size_t bit = (size_t)i * width;
            uint64_t value = width ? parquet_load_u64(copy + bit / 8) >> bit % 8 : 0;
            if (bit % 8 && bit % 8 + width > 64) value |= (uint64_t)copy[bit / 8 + 8] << (64 - bit % 8);
            out[i] = width < 64 ? value & ((1ull << width) - 1) : value;
        }
        for (uint64_t i = used; i < 32; i++) out[i] = 0;
        deltas->at = deltas->end;
    } else if (width <= 32) {
        uint32_t values[32];
        parquet_unpack_32(in, width, values);
        for (unsigned i = 0; i < 32; i++) out[i] = values[i];
        deltas->at += 4 * width;
    } else {
        uint64_t mask = width < 64 ? (1ull << width) - 1 : ~0ull;
        for (unsigned i = 0; i < 32; i++) {
            size_t bit = (size_t)i * width;
            uint64_t value = parquet_load_u64(in + bit / 8) >> bit % 8;
            if (bit % 8) value |= (uint64_t)in[bit / 8 + 8] << (64 - bit % 8);
            out[i] = value & mask;
        }
        deltas->at += 4 * width;
    }
    deltas->miniblock_left -= 32;
    return true;
}

#define DELTAS(NAME, TYPE)                                                                                             \
    size_t NAME(parquet_deltas *deltas, TYPE *out, size_t count) {                                                     \
        size_t done = 0;                                                                                               \
        if (deltas->has_first && count) {                                                                              \
            deltas->has_first = false;                                                                                 \
            deltas->left--;                                                                                            \
            out[done++] = (TYPE)deltas->last;                                                                          \
        }                                                                                                              \
        while (done < count) {                                                                                         \
            if (deltas->held_at < deltas->held_count) {                                                                \
                out[done++] = (TYPE)deltas->held[deltas->held_at++];                                                   \
                continue;                                                                                              \
            }                                                                                                          \
            if (deltas->left == 0) break;                                                                              \
            uint64_t values[32];                                                                                       \
            if (!next_deltas(deltas, values)) break;                                                                   \
            unsigned used = deltas->left < 32 ? (unsigned)deltas->left : 32;                                           \
            deltas->left -= used;                                                                                      \
            uint64_t last = deltas->last, least = deltas->least;                                                       \
            if (used == 32 && count - done >= 32) {                                                                    \
                for (unsigned i = 0; i < 32; i++) out[done + i] = (TYPE)(last += values[i] + least);                   \
                done += 32;                                                                                            \
            } else {                                                                                                   \
                for (unsigned i = 0; i < used; i++) deltas->held[i] = last += values[i] + least;                       \
                deltas->held_at = 0;                                                                                   \
                deltas->held_count = used;                                                                             \
            }                                                                                                          \
            deltas->last = last;                                                                                       \
        }                                                                                                              \
        return done;                                                                                                   \
    }

DELTAS(parquet_deltas_i32, int32_t)
DELTAS(parquet_deltas_i64, int64_t)

const uint8_t *parquet_deltas_end(parquet_deltas deltas) {
    uint64_t left = deltas.left > 0 ? deltas.left - 1 : 0;
    while (left > 0) {
        if (!next_miniblock(&deltas)) return 0;
        uint64_t used = left < deltas.miniblock_left ? left : deltas.miniblock_left;
        uint64_t bytes = deltas.miniblock_left / 8 * deltas.width, room = (uint64_t)(deltas.end - deltas.at);
        if (room < (used * deltas.width + 7) / 8) return 0;
        deltas.at += bytes < room ? bytes : room;
        left -= used;
    }
    return deltas.at;
}
