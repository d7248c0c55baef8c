#include "parquet_kernels.h"
#include "parquet_hash.h"

// The split-block bloom filter.
// https://github.com/apache/parquet-format/blob/master/BloomFilter.md

static inline void insert(uint32_t *words, size_t blocks, uint64_t hash) {
    uint32_t *block = words + parquet_bloom_block(hash, blocks) * 8;
    for (unsigned lane = 0; lane < 8; lane++) block[lane] |= parquet_bloom_bit(hash, lane);
}

void parquet_bloom_insert(uint32_t *words, size_t blocks, const uint8_t *values, size_t count, size_t width) {
    if (width == 4) {
        for (size_t i = 0; i < count; i++) insert(words, blocks, parquet_hash_of(values + 4 * i, 4));
    } else if (width == 8) {
        for (size_t i = 0; i < count; i++) insert(words, blocks, parquet_hash_of(values + 8 * i, 8));
    } else {
        for (size_t i = 0; i < count; i++) insert(words, blocks, parquet_hash_of(values + width * i, width));
    }
}

void parquet_bloom_insert_bytes(uint32_t *words, size_t blocks, const uint8_t *bytes, const uint32_t *offsets,
                                size_t count) {
    for (size_t i = 0; i < count; i++)
        insert(words, blocks, parquet_hash_of(bytes + offsets[i], offsets[i + 1] - offsets[i]));
}
