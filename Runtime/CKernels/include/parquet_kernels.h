// The loops of the Parquet writer that see every value: dictionary look-up, bit packing, run lengths, deltas, ranges.
//
// Every function is pure over the memory it is given; callers own all buffers and guarantee the capacities stated here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Bits

/// Packs the lowest `width` (1...32) bits of each value, least significant first, into ceil(count * width / 8) bytes.
/// `out` needs 8 bytes more than that.
size_t parquet_pack_u32(const uint32_t *values, size_t count, unsigned width, uint8_t *out);

/// Packs bytes that are 0 or 1 into bits, least significant first: ceil(count / 8) bytes.
size_t parquet_pack_booleans(const uint8_t *values, size_t count, uint8_t *out);

/// The number of one bits among `count` bits from bit `start` of `words`.
size_t parquet_count_bits(const uint64_t *words, size_t start, size_t count);

/// The position, from bit `start`, just after the `rank`-th (from 1) one bit; `count` when there are fewer.
size_t parquet_select_bit(const uint64_t *words, size_t start, size_t count, size_t rank);

// MARK: RLE / bit-packed hybrid

/// Writes `codes` as RLE and bit-packed runs of `width` (1...32). Returns the bytes written, which are at most
/// parquet_hybrid_bound(count, width).
size_t parquet_hybrid_u32(const uint32_t *codes, size_t count, unsigned width, uint8_t *out);
size_t parquet_hybrid_bound(size_t count, unsigned width);

/// Writes `count` bits from bit `start` of `words` as runs of width 1 (definition levels of a flat optional column).
/// At most count / 4 + 32 bytes.
size_t parquet_hybrid_bits(const uint64_t *words, size_t start, size_t count, uint8_t *out);

// MARK: DELTA_BINARY_PACKED (blocks of 128 values, 4 miniblocks)

/// Returns the bytes written, at most parquet_delta_bound(count, bytes per value).
size_t parquet_delta_i32(const int32_t *values, size_t count, uint8_t *out);
size_t parquet_delta_i64(const int64_t *values, size_t count, uint8_t *out);
size_t parquet_delta_bound(size_t count, size_t width);

// MARK: Dictionaries (open addressing; a slot holds code + 1, zero is free)

/// Looks each value up, adding the new ones to `keys`, and writes its code. Stops before a new key that would make
/// `*key_count` exceed `key_limit`; returns how many values were done.
size_t parquet_dictionary_u32(const uint32_t *values, size_t count, uint32_t *slots, unsigned slot_bits, uint32_t *keys,
                              uint32_t *key_count, uint32_t key_limit, uint32_t *codes);
size_t parquet_dictionary_u64(const uint64_t *values, size_t count, uint32_t *slots, unsigned slot_bits, uint64_t *keys,
                              uint32_t *key_count, uint32_t key_limit, uint32_t *codes);
/// Fills empty slots from keys that are already known; for growth.
void parquet_dictionary_rehash_u32(uint32_t *slots, unsigned slot_bits, const uint32_t *keys, uint32_t key_count);
void parquet_dictionary_rehash_u64(uint32_t *slots, unsigned slot_bits, const uint64_t *keys, uint32_t key_count);

/// A dictionary of byte strings: key i is key_bytes[key_offsets[i] ..< key_offsets[i + 1]], key_offsets[0] is 0.
/// `key_bytes` has room for key_bytes_limit + parquet_key_padding bytes, and there are less than 1 << parquet_code_bits keys.
enum { parquet_key_padding = 32, parquet_code_bits = 20 };

typedef struct {
    uint32_t *slots;
    unsigned slot_bits;
    uint8_t *key_bytes;
    uint32_t key_bytes_limit;
    uint32_t *key_offsets;
    uint32_t key_count;
    uint32_t key_limit;
} parquet_byte_dictionary;

/// As parquet_dictionary_u64; also stops before the keys would exceed key_bytes_limit bytes.
/// Value i is bytes[offsets[i] ..< offsets[i + 1]].
size_t parquet_dictionary_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count,
                                parquet_byte_dictionary *dictionary, uint32_t *codes);
void parquet_dictionary_rehash_bytes(parquet_byte_dictionary *dictionary);

// MARK: Byte arrays

/// PLAIN: 4-byte little-endian length before each value. Returns the bytes written: the values' plus 4 * count.
size_t parquet_plain_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint8_t *out);

/// The positions of the smallest and the largest value by unsigned bytes, then by length. `count` must not be zero.
void parquet_range_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, size_t *least, size_t *greatest);

/// The same over values given by their codes; the positions are codes. `seen` has room for a byte a key.
void parquet_range_codes(const uint8_t *key_bytes, const uint32_t *key_offsets, size_t key_count, const uint32_t *codes,
                         size_t count, uint8_t *seen, size_t *least, size_t *greatest);

/// The smallest and the largest of the numbers that have these codes. `count` must not be zero.
void parquet_range_codes_i32(const int32_t *keys, const uint32_t *codes, size_t count, int32_t *least, int32_t *greatest);
void parquet_range_codes_i64(const int64_t *keys, const uint32_t *codes, size_t count, int64_t *least, int64_t *greatest);

/// The same over values of `width` bytes each, as unsigned bytes or as big-endian two's complement.
void parquet_range_fixed(const uint8_t *values, size_t count, size_t width, bool is_signed, size_t *least,
                         size_t *greatest);

// MARK: Pages

/// BYTE_STREAM_SPLIT of `count` values of `width` (4 or 8) bytes each, into as many bytes.
void parquet_split_streams(const uint8_t *values, size_t count, size_t width, uint8_t *out);

// MARK: Bloom filters (split blocks of eight words)

/// Sets the bits of `count` values of `width` bytes each, in `words` of `blocks` blocks.
void parquet_bloom_insert(uint32_t *words, size_t blocks, const uint8_t *values, size_t count, size_t width);

/// The same for values bytes[offsets[i] ..< offsets[i + 1]].
void parquet_bloom_insert_bytes(uint32_t *words, size_t blocks, const uint8_t *bytes, const uint32_t *offsets,
                                size_t count);
