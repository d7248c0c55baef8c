// Reading bit-packed values, least significant bit first.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t parquet_load_u64(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/// 32 values of `width` (0...32) bits, from a whole byte on.
static inline __attribute__((always_inline)) void parquet_unpack_block(const uint8_t *in, unsigned width, uint32_t *out) {
    uint64_t mask = (1ull << width) - 1;
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint32_t)(parquet_load_u64(in + i * width / 8) >> (i * width % 8) & mask);
}

/// The same; with each width known, the compiler makes constants of all places and shifts.
static void parquet_unpack_32(const uint8_t *in, unsigned width, uint32_t *out) {
#define UNPACK(W) case W: parquet_unpack_block(in, W, out); return;
#define UNPACK_8(W) UNPACK(W) UNPACK(W + 1) UNPACK(W + 2) UNPACK(W + 3) UNPACK(W + 4) UNPACK(W + 5) UNPACK(W + 6) UNPACK(W + 7)
    switch (width) { UNPACK_8(0) UNPACK_8(8) UNPACK_8(16) UNPACK_8(24) UNPACK(32) }
#undef UNPACK_8
#undef UNPACK
}

static inline int parquet_get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        result |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = result;
            return 1;
        }
    }
    return 0;
}
