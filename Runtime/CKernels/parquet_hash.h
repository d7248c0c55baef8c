// XXH64, and the places of a hash in a split-block bloom filter.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, https://github.com/apache/parquet-format/blob/master/BloomFilter.md
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const uint64_t prime_1 = 0x9E3779B185EBCA87ull, prime_2 = 0xC2B2AE3D27D4EB4Full, prime_3 = 0x165667B19E3779F9ull,
                      prime_4 = 0x85EBCA77C2B2AE63ull, prime_5 = 0x27D4EB2F165667C5ull;

static inline uint64_t rotate(uint64_t value, unsigned by) { return value << by | value >> (64 - by); }

static inline uint64_t read_64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, 8);
    return value;
}

static inline uint32_t read_32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, 4);
    return value;
}

static inline uint64_t round_of(uint64_t state, uint64_t input) { return rotate(state + input * prime_2, 31) * prime_1; }

static inline uint64_t merge(uint64_t hash, uint64_t state) { return (hash ^ round_of(0, state)) * prime_1 + prime_4; }

/// XXH64 with seed 0.
static inline uint64_t parquet_hash_of(const uint8_t *bytes, size_t count) {
    const uint8_t *end = bytes + count;
    uint64_t hash = prime_5;
    if (count >= 32) {
        uint64_t a = prime_1 + prime_2, b = prime_2, c = 0, d = 0 - prime_1;
        for (; end - bytes >= 32; bytes += 32) {
            a = round_of(a, read_64(bytes));
            b = round_of(b, read_64(bytes + 8));
            c = round_of(c, read_64(bytes + 16));
            d = round_of(d, read_64(bytes + 24));
        }
        hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
        hash = merge(merge(merge(merge(hash, a), b), c), d);
    }
    hash += count;
    for (; end - bytes >= 8; bytes += 8) hash = rotate(hash ^ round_of(0, read_64(bytes)), 27) * prime_1 + prime_4;
    if (end - bytes >= 4) {
        hash = rotate(hash ^ read_32(bytes) * prime_1, 23) * prime_2 + prime_3;
        bytes += 4;
    }
    for (; bytes < end; bytes++) hash = rotate(hash ^ *bytes * prime_5, 11) * prime_1;
    hash = (hash ^ hash >> 33) * prime_2;
    hash = (hash ^ hash >> 29) * prime_3;
    return hash ^ hash >> 32;
}

/// The block of eight words that a hash belongs to.
static inline size_t parquet_bloom_block(uint64_t hash, size_t blocks) { return (hash >> 32) * blocks >> 32; }

/// Its bit in one of the words.
static inline uint32_t parquet_bloom_bit(uint64_t hash, unsigned lane) {
    static const uint32_t salts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                      0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    return 1u << ((uint32_t)hash * salts[lane] >> 27);
}
