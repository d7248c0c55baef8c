#include "ranges.h"
#include <stdbool.h>
#include <string.h>

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

INTEGER_RANGE(ck_range_i32, int32_t, int32_t, INT32_MIN, INT32_MAX)
INTEGER_RANGE(ck_range_i64, int64_t, int64_t, INT64_MIN, INT64_MAX)
INTEGER_RANGE(ck_range_u32, uint32_t, int32_t, 0, UINT32_MAX)
INTEGER_RANGE(ck_range_u64, uint64_t, int64_t, 0, UINT64_MAX)

#define FLOATING_RANGE(NAME, TYPE, SIGNED)                                                                             \
    RANGE(NAME, TYPE, SIGNED, (TYPE)__builtin_inf(), -(TYPE)__builtin_inf())                                           \
    WITH_AVX2 static size_t NAME##_avx2(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {               \
        return NAME##_inlined(values, count, least, greatest, true);                                                   \
    }                                                                                                                  \
    size_t NAME(const TYPE *values, size_t count, TYPE *least, TYPE *greatest) {                                       \
        return HAS_AVX2 ? NAME##_avx2(values, count, least, greatest)                                                  \
                        : NAME##_inlined(values, count, least, greatest, true);                                        \
    }

FLOATING_RANGE(ck_range_float, float, int32_t)
FLOATING_RANGE(ck_range_double, double, int64_t)
