#include "parquet_read_kernels.h"
#include "parquet_hash.h"

// Asking split-block bloom filters.

void parquet_hash_fixed(const uint8_t *values, size_t count, size_t width, uint64_t *hashes) {
    for (size_t i = 0; i < count; i++) hashes[i] = parquet_hash_of(values + i * width, width);
}

void parquet_hash_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint64_t *hashes) {
    for (size_t i = 0; i < count; i++) hashes[i] = parquet_hash_of(bytes + offsets[i], offsets[i + 1] - offsets[i]);
}

size_t parquet_bloom_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t *block = words + parquet_bloom_block(hashes[i], blocks) * 8;
        uint32_t missing = 0;
        for (unsigned lane = 0; lane < 8; lane++) missing |= ~block[lane] & parquet_bloom_bit(hashes[i], lane);
        if (!missing) return i;
    }
    return count;
}
