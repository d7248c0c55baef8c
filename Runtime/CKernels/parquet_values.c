#include "parquet_kernels.h"
#include <string.h>

// PLAIN byte arrays, and the ranges of texts behind statistics.

size_t parquet_plain_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint8_t *out) {
    uint8_t *start = out;
    for (size_t i = 0; i < count; i++) {
        uint32_t length = offsets[i + 1] - offsets[i];
        memcpy(out, &length, 4);
        // A copy of a known size needs no call. What it writes too much is written again: as many bytes are still to come.
        if (length <= 32 && offsets[count] - offsets[i] >= 32) __builtin_memcpy_inline(out + 4, bytes + offsets[i], 32);
        else if (length) memcpy(out + 4, bytes + offsets[i], length);
        out += 4 + (size_t)length;
    }
    return (size_t)(out - start);
}

/// The first eight bytes as a big-endian number, short values padded with zeros: it orders as the bytes do, except
/// that equal numbers decide nothing.
/// - `room`: bytes from the value's first on that may be read.
static inline uint64_t prefix_of(const uint8_t *value, size_t length, size_t room) {
    uint64_t prefix = 0;
    if (room < 8) {
        memcpy(&prefix, value, length);
        return __builtin_bswap64(prefix);
    }
    __builtin_memcpy_inline(&prefix, value, 8);
    prefix = __builtin_bswap64(prefix);
    return length < 8 ? prefix & ~(~0ull >> 8 * length) : prefix;
}

static inline int compare(const uint8_t *left, size_t left_length, const uint8_t *right, size_t right_length) {
    int order = memcmp(left, right, left_length < right_length ? left_length : right_length);
    return order ? order : (left_length > right_length) - (left_length < right_length);
}

void parquet_range_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, size_t *least, size_t *greatest) {
    size_t low = 0, high = 0;
    uint64_t low_prefix, high_prefix;
    low_prefix = high_prefix = prefix_of(bytes + offsets[0], offsets[1] - offsets[0], offsets[count] - offsets[0]);
    for (size_t i = 1; i < count; i++) {
        const uint8_t *value = bytes + offsets[i];
        size_t length = offsets[i + 1] - offsets[i];
        uint64_t prefix = prefix_of(value, length, offsets[count] - offsets[i]);
        if (prefix <= low_prefix &&
            (prefix < low_prefix ||
             compare(value, length, bytes + offsets[low], offsets[low + 1] - offsets[low]) < 0)) {
            low = i;
            low_prefix = prefix;
        }
        if (prefix >= high_prefix &&
            (prefix > high_prefix ||
             compare(value, length, bytes + offsets[high], offsets[high + 1] - offsets[high]) > 0)) {
            high = i;
            high_prefix = prefix;
        }
    }
    *least = low;
    *greatest = high;
}

void parquet_range_codes(const uint8_t *key_bytes, const uint32_t *key_offsets, size_t key_count, const uint32_t *codes,
                         size_t count, uint8_t *seen, size_t *least, size_t *greatest) {
    memset(seen, 0, key_count);
    for (size_t i = 0; i < count; i++) seen[codes[i]] = 1;
    size_t low = codes[0], high = codes[0];
    for (size_t key = 0; key < key_count; key++) {
        if (!seen[key]) continue;
        const uint8_t *value = key_bytes + key_offsets[key];
        size_t length = key_offsets[key + 1] - key_offsets[key];
        if (compare(value, length, key_bytes + key_offsets[low], key_offsets[low + 1] - key_offsets[low]) < 0) low = key;
        if (compare(value, length, key_bytes + key_offsets[high], key_offsets[high + 1] - key_offsets[high]) > 0)
            high = key;
    }
    *least = low;
    *greatest = high;
}

#define RANGE_OF_CODES(TYPE, NAME)                                                                                     \
    void NAME(const TYPE *keys, const uint32_t *codes, size_t count, TYPE *least, TYPE *greatest) {                    \
        TYPE low = keys[codes[0]], high = low;                                                                         \
        for (size_t i = 1; i < count; i++) {                                                                           \
            TYPE value = keys[codes[i]];                                                                               \
            low = value < low ? value : low;                                                                           \
            high = value > high ? value : high;                                                                        \
        }                                                                                                              \
        *least = low;                                                                                                  \
        *greatest = high;                                                                                              \
    }

RANGE_OF_CODES(int32_t, parquet_range_codes_i32)
RANGE_OF_CODES(int64_t, parquet_range_codes_i64)

void parquet_range_fixed(const uint8_t *values, size_t count, size_t width, bool is_signed, size_t *least,
                         size_t *greatest) {
    size_t low = 0, high = 0;
    // Flipping the sign bit makes two's complement order as unsigned bytes do; it decides before the bytes are compared.
    uint8_t flip = is_signed ? 0x80 : 0;
    for (size_t i = 1; i < count; i++) {
        const uint8_t *value = values + i * width;
        int first = value[0] ^ flip;
        int to_low = first - (values[low * width] ^ flip), to_high = first - (values[high * width] ^ flip);
        if (to_low < 0 || (to_low == 0 && memcmp(value, values + low * width, width) < 0)) low = i;
        if (to_high > 0 || (to_high == 0 && memcmp(value, values + high * width, width) > 0)) high = i;
    }
    *least = low;
    *greatest = high;
}
