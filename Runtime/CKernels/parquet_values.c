#include "parquet_kernels.h"
#include <string.h>

// PLAIN byte arrays, and the ranges behind statistics.

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

// Four vectors of bounds side by side instead of one bound, whose comparisons would have to wait for each other. Compiled
// twice, since 64-bit comparisons of integer vectors came after SSE2.
#if defined(__x86_64__)
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#define WITH_AVX2 __attribute__((target("avx2")))
#else
#define HAS_AVX2 0
#define WITH_AVX2
#endif

#define INLINED static inline __attribute__((always_inline))

/// Whatever is below a bound replaces it; a comparison with NaN is false, so NaN never does.
#define WIDEN(VALUE, LOW, HIGH)                                                                                        \
    LOW = (VALUE) < LOW ? (VALUE) : LOW;                                                                               \
    HIGH = (VALUE) > HIGH ? (VALUE) : HIGH;

#define RANGE(NAME, TYPE, SIGNED, LEAST, GREATEST)                                                                     \
    typedef TYPE NAME##_vector __attribute__((ext_vector_type(32 / sizeof(TYPE))));                                    \
    typedef SIGNED NAME##_count __attribute__((ext_vector_type(32 / sizeof(TYPE))));                                   \
    INLINED size_t NAME##_inlined(const TYPE *values, size_t count, TYPE *least, TYPE *greatest, bool counts) {        \
        enum { lanes = 32 / sizeof(TYPE), vectors = 4, step = lanes * vectors };                                       \
        NAME##_vector low[vectors], high[vectors];                                                                     \
        NAME##_count numbers = 0;                                                                                      \
        for (unsigned k = 0; k < vectors; k++) low[k] = LEAST, high[k] = GREATEST;                                     \
        size_t i = 0;                                                                                                  \
        for (; i + step <= count; i += step) {                                                                         \
            NAME##_vector value[vectors];                                                                              \
            memcpy(value, values + i, sizeof value);                                                                   \
            _Pragma("clang loop unroll(full)") for (unsigned k = 0; k < vectors; k++) {                                \
                WIDEN(value[k], low[k], high[k])                                                                       \
                if (counts) numbers -= value[k] == value[k];                                                           \
            }                                                                                                          \
        }                                                                                                              \
        TYPE lowest = LEAST, highest = GREATEST;                                                                       \
        size_t total = 0;                                                                                              \
        for (unsigned lane = 0; lane < lanes; lane++) {                                                                \
            for (unsigned k = 0; k < vectors; k++) {                                                                   \
                lowest = low[k][lane] < lowest ? low[k][lane] : lowest;                                                \
                highest = high[k][lane] > highest ? high[k][lane] : highest;                                           \
            }                                                                                                          \
            total += (size_t)numbers[lane];                                                                            \
        }                                                                                                              \
        for (; i < count; i++) {                                                                                       \
            WIDEN(values[i], lowest, highest)                                                                          \
            total += values[i] == values[i];                                                                           \
        }                                                                                                              \
        *least = lowest;                                                                                               \
        *greatest = highest;                                                                                           \
        return total;                                                                                                  \
    }

#define INTEGER_RANGE(NAME, TYPE, SIGNED, LEAST, GREATEST)                                                             \
    RANGE(NAME, TYPE, SIGNED, GREATEST, LEAST)                                                                         \
    WITH_AVX2 static void NAME##_avx2(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                 \
        NAME##_inlined(values, count, least, greatest, false);                                                         \
    }                                                                                                                  \
    void NAME(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                                         \
        if (HAS_AVX2) NAME##_avx2(values, count, least, greatest);                                                     \
        else NAME##_inlined(values, count, least, greatest, false);                                                    \
    }

INTEGER_RANGE(parquet_range_i32, int32_t, int32_t, INT32_MIN, INT32_MAX)
INTEGER_RANGE(parquet_range_i64, int64_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_RANGE(parquet_range_u32, uint32_t, int32_t, 0, UINT32_MAX)
INTEGER_RANGE(parquet_range_u64, uint64_t, int64_t, 0, UINT64_MAX)

#define FLOATING_RANGE(NAME, TYPE, SIGNED)                                                                             \
    RANGE(NAME, TYPE, SIGNED, (TYPE)__builtin_inf(), -(TYPE)__builtin_inf())                                           \
    WITH_AVX2 static size_t NAME##_avx2(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {               \
        return NAME##_inlined(values, count, least, greatest, true);                                                   \
    }                                                                                                                  \
    size_t NAME(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                                       \
        return HAS_AVX2 ? NAME##_avx2(values, count, least, greatest)                                                  \
                        : NAME##_inlined(values, count, least, greatest, true);                                        \
    }

FLOATING_RANGE(parquet_range_float, float, int32_t)
FLOATING_RANGE(parquet_range_double, double, int64_t)
