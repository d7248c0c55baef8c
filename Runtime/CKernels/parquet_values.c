#include "parquet_kernels.h"
#include <string.h>

// PLAIN byte arrays, the ranges behind statistics, and the checksum of a page.

size_t parquet_plain_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint8_t *out) {
    uint8_t *start = out;
    for (size_t i = 0; i < count; i++) {
        uint32_t length = offsets[i + 1] - offsets[i];
        memcpy(out, &length, 4);
        if (length) memcpy(out + 4, bytes + offsets[i], length);
        out += 4 + (size_t)length;
    }
    return (size_t)(out - start);
}

/// The first eight bytes as a big-endian number, short values padded with zeros: it orders as the bytes do, except
/// that equal numbers decide nothing.
static inline uint64_t prefix_of(const uint8_t *value, size_t length) {
    uint64_t prefix = 0;
    memcpy(&prefix, value, length < 8 ? length : 8);
    return __builtin_bswap64(prefix);
}

static inline int compare(const uint8_t *left, size_t left_length, const uint8_t *right, size_t right_length) {
    int order = memcmp(left, right, left_length < right_length ? left_length : right_length);
    return order ? order : (left_length > right_length) - (left_length < right_length);
}

void parquet_range_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count, size_t *least, size_t *greatest) {
    size_t low = 0, high = 0;
    uint64_t low_prefix, high_prefix;
    low_prefix = high_prefix = prefix_of(bytes + offsets[0], offsets[1] - offsets[0]);
    for (size_t i = 1; i < count; i++) {
        const uint8_t *value = bytes + offsets[i];
        size_t length = offsets[i + 1] - offsets[i];
        uint64_t prefix = prefix_of(value, length);
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

#define INTEGER_RANGE(NAME, TYPE)                                                                                      \
    void NAME(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                                         \
        TYPE low = values[0], high = values[0];                                                                        \
        for (size_t i = 1; i < count; i++) {                                                                           \
            low = values[i] < low ? values[i] : low;                                                                   \
            high = values[i] > high ? values[i] : high;                                                                \
        }                                                                                                              \
        *least = low;                                                                                                  \
        *greatest = high;                                                                                              \
    }

INTEGER_RANGE(parquet_range_i32, int32_t)
INTEGER_RANGE(parquet_range_i64, int64_t)
INTEGER_RANGE(parquet_range_u32, uint32_t)
INTEGER_RANGE(parquet_range_u64, uint64_t)

// A comparison with NaN is false, so NaN never replaces a bound that started at the opposite infinity.
#define FLOATING_RANGE(NAME, TYPE)                                                                                     \
    int NAME(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                                          \
        TYPE low = (TYPE)__builtin_inf(), high = -(TYPE)__builtin_inf();                                               \
        size_t numbers = 0;                                                                                            \
        for (size_t i = 0; i < count; i++) {                                                                           \
            low = values[i] < low ? values[i] : low;                                                                   \
            high = values[i] > high ? values[i] : high;                                                                \
            numbers += values[i] == values[i];                                                                         \
        }                                                                                                              \
        *least = low;                                                                                                  \
        *greatest = high;                                                                                              \
        return numbers != 0;                                                                                           \
    }

FLOATING_RANGE(parquet_range_float, float)
FLOATING_RANGE(parquet_range_double, double)

uint32_t parquet_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        // Half a byte at a time: 64 bytes of table, no set-up, fast enough for an option that few switch on.
        static const uint32_t table[16] = {
            0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
            0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
        crc ^= bytes[i];
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}
