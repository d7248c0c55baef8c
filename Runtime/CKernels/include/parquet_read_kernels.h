// The loops of the Parquet reader that see every value: runs, deltas, dictionary look-up, byte arrays.
//
// The input is what somebody's file says: every function stops, and says so, where the bytes end too early or contradict
// themselves. They may read up to parquet_read_padding bytes behind `end`, which the caller owns; their content decides nothing.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { parquet_read_padding = 64 };

// MARK: RLE / bit-packed hybrid

/// A place in runs of values of `width` (0...32) bits.
typedef struct {
    const uint8_t *at;     // the header of the next run
    const uint8_t *end;
    const uint8_t *packed; // the values of the current run, where they are packed
    uint64_t position;     // of the next packed value, in bits
    uint64_t left;         // values of the current run
    uint32_t value;        // of the current run, where they are all the same
    uint32_t width;
    bool is_packed;
} parquet_runs;

/// Each of these decodes `count` values and returns how many there were, fewer only where the bytes end or are no runs.
size_t parquet_runs_u32(parquet_runs *runs, uint32_t *out, size_t count);
/// Values of at most 8 bits.
size_t parquet_runs_u8(parquet_runs *runs, uint8_t *out, size_t count);
/// Values of one bit, put into `words` from bit `start` on. The bits from there on must be 0. `ones` grows by the ones.
size_t parquet_runs_bits(parquet_runs *runs, uint64_t *words, size_t start, size_t count, size_t *ones);
/// Values that are positions in a dictionary, and in `out` the keys there. A position outside the dictionary stops too.
size_t parquet_runs_keys_32(parquet_runs *runs, const uint32_t *keys, size_t key_count, uint32_t *out, size_t count);
size_t parquet_runs_keys_64(parquet_runs *runs, const uint64_t *keys, size_t key_count, uint64_t *out, size_t count);

/// The older BIT_PACKED encoding of levels, most significant bit first: `count` values of `width` (1...8) bits, as the newer
/// one has them, least significant bit first, in as many bytes. `out` needs 8 bytes more than that.
void parquet_reverse_packed(const uint8_t *in, size_t count, unsigned width, uint8_t *out);

// MARK: DELTA_BINARY_PACKED

/// A place in a block of deltas.
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *widths;  // of the current block's miniblocks
    uint64_t block_size;
    uint64_t miniblock_count;
    uint64_t miniblock;     // the next of the current block; miniblock_count before the first block
    uint64_t miniblock_left; // values, those that only fill the last miniblock included
    uint64_t left;          // values that have not been decoded
    uint64_t last;
    uint64_t least;
    unsigned width;
    bool has_first;
    unsigned held_at, held_count;
    uint64_t held[32];      // values that are decoded and have not been taken
} parquet_deltas;

/// Begins at `at`. Returns false where no such header is there.
bool parquet_deltas_begin(parquet_deltas *deltas, const uint8_t *at, const uint8_t *end);
/// Each decodes up to `count` values and returns how many there were.
size_t parquet_deltas_i32(parquet_deltas *deltas, int32_t *out, size_t count);
size_t parquet_deltas_i64(parquet_deltas *deltas, int64_t *out, size_t count);
/// Where the deltas of a copy of `deltas` end; null where they end too early.
const uint8_t *parquet_deltas_end(parquet_deltas deltas);

// MARK: Byte arrays

/// PLAIN: copies the bytes of up to `count` values to `out`, and puts into `ends` where each ends, counted from `base`.
/// `out` needs room for all bytes from `*at` to `end`, and padding. `*at` moves behind the values. Returns how many there were.
size_t parquet_read_plain_bytes(const uint8_t **at, const uint8_t *end, size_t count, uint32_t base, uint32_t *ends,
                                uint8_t *out);

/// Keys of a dictionary of byte arrays: the ends of `count` values, counted from `base`.
/// Returns how many there were: fewer where a code is outside the dictionary, or the bytes would exceed `limit`.
size_t parquet_read_key_ends(const uint32_t *codes, size_t count, const uint32_t *key_offsets, size_t key_count,
                             uint32_t base, uint32_t limit, uint32_t *ends);
/// Copies those values to `out`, which has room for all of them and padding; so have the keys.
void parquet_read_keys(const uint32_t *codes, size_t count, const uint32_t *key_offsets, const uint8_t *keys,
                       uint8_t *out);

/// DELTA_BYTE_ARRAY: value i is the first prefixes[i] bytes of the value before it and the next suffixes[i] of `*at`.
/// `previous` is the value before the first. Puts into `ends` where each ends, counted from `base`.
/// Returns how many there were: fewer where lengths contradict the bytes, or these would exceed `limit`; `out` has room for
/// that many. `written` is how many bytes there are.
size_t parquet_read_prefixed(const uint8_t **at, const uint8_t *end, const int32_t *prefixes, const int32_t *suffixes,
                             size_t count, const uint8_t *previous, size_t previous_length, uint32_t base,
                             size_t limit, uint32_t *ends, uint8_t *out, size_t *written);

// MARK: Values of fixed width

/// BYTE_STREAM_SPLIT: `count` values from value `first` on, of `total` values of `width` bytes each.
void parquet_join_streams(const uint8_t *streams, size_t total, size_t first, size_t count, size_t width, uint8_t *out);

/// Bits from bit `start` on, least significant first, as bytes that are 0 or 1.
void parquet_unpack_booleans(const uint8_t *bits, size_t start, size_t count, uint8_t *out);

/// Keys of `width` bytes each. Returns false where a code is outside the dictionary.
bool parquet_read_fixed_keys(const uint32_t *codes, size_t count, const uint8_t *keys, size_t key_count, size_t width,
                             uint8_t *out);

// MARK: Levels

/// How many of `count` levels are `level`.
size_t parquet_count_levels(const uint8_t *levels, size_t count, uint8_t level);
/// Whether all of `count` levels are at most `most`.
bool parquet_levels_fit(const uint8_t *levels, size_t count, uint8_t most);
/// How many levels there are before the zero after the `rows`-th one; `*rows` becomes the number of zeros before it.
size_t parquet_row_levels(const uint8_t *levels, size_t count, size_t *rows);

// MARK: Bloom filters

/// XXH64 of `count` values of `width` bytes each, or of the values bytes[offsets[i] ..< offsets[i + 1]].
void parquet_hash_fixed(const uint8_t *values, size_t count, size_t width, uint64_t *hashes);
void parquet_hash_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint64_t *hashes);
/// The first of `count` hashes that may be in the filter of `blocks` times eight words; `count` where none is.
size_t parquet_bloom_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count);

// MARK: LZ4

/// Decompresses one LZ4 block. Returns the bytes written, or SIZE_MAX where the block is broken or needs more than `room`.
size_t parquet_read_lz4(const uint8_t *in, size_t count, uint8_t *out, size_t room);
