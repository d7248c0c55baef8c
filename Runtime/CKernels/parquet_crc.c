#include "parquet_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// CRC-32 sixteen bytes at a time by carry-less multiplication: V. Gopal et al., "Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction", Intel 2009. The constants are powers of x modulo the reflected polynomial
// 0x04C11DB7, for the distances that the folds below span.

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

WITH_CLMUL static inline __m128i load(const uint8_t *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }

/// Moves `bits` past what `constants` span and onto `next`.
WITH_CLMUL static inline __m128i fold(__m128i bits, __m128i constants, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(bits, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(bits, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// `count` is a multiple of 16, and at least 64.
WITH_CLMUL static uint32_t crc32_clmul(uint32_t crc, const uint8_t *bytes, size_t count) {
    const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i to_8 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    const __m128i low_32 = _mm_set_epi32(0, -1, 0, -1);

    __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)~crc));
    __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
    const uint8_t *end = bytes + count;
    for (bytes += 64; bytes + 64 <= end; bytes += 64) {
        a = fold(a, by_64, load(bytes));
        b = fold(b, by_64, load(bytes + 16));
        c = fold(c, by_64, load(bytes + 32));
        d = fold(d, by_64, load(bytes + 48));
    }
    a = fold(a, by_16, b);
    a = fold(a, by_16, c);
    a = fold(a, by_16, d);
    for (; bytes < end; bytes += 16) a = fold(a, by_16, load(bytes));

    // 128 bits to 64, then the remainder of those.
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_16, 0x10));
    a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low_32), to_8, 0x00));
    __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low_32), barrett, 0x10), low_32);
    a = _mm_xor_si128(a, _mm_clmulepi64_si128(quotient, barrett, 0x00));
    return ~(uint32_t)_mm_extract_epi32(a, 1);
}
#endif

size_t parquet_crc32(uint32_t *crc, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        count &= ~(size_t)15;
        *crc = crc32_clmul(*crc, bytes, count);
        return count;
    }
#endif
    (void)crc, (void)bytes, (void)count;
    return 0;
}
