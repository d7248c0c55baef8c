#include "include/crc.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct ck_crc {
    /// tables[n][b] is the remainder of the byte b with n zero bytes after it.
    uint64_t tables[8][256];
    /// What moves a block of 16 bytes past 64 and past 16 bytes: the factors of its first and of its last 8 bytes.
    uint64_t by_64[2], by_16[2];
};

/// x^power modulo the polynomial, reflected in 64 bits.
static uint64_t x_to_the(unsigned power, uint64_t reflected, unsigned width) {
    uint64_t value = 1ull << (width - 1);
    while (power-- > 0) value = value & 1 ? value >> 1 ^ reflected : value >> 1;
    return value << (64 - width);
}

const ck_crc *ck_crc_make(uint64_t reflected, unsigned width) {
    ck_crc *kernel = malloc(sizeof *kernel);
    if (!kernel) return NULL;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) remainder = remainder & 1 ? remainder >> 1 ^ reflected : remainder >> 1;
        kernel->tables[0][byte] = remainder;
    }
    for (int zeros = 1; zeros < 8; zeros++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t shorter = kernel->tables[zeros - 1][byte];
            kernel->tables[zeros][byte] = shorter >> 8 ^ kernel->tables[0][shorter & 0xFF];
        }
    }
    // The product of two reflected words of 64 bits is reflected in 127 bits, so in 128 it is x times too large.
    kernel->by_64[0] = x_to_the(64 * 8 + 63, reflected, width);
    kernel->by_64[1] = x_to_the(64 * 8 - 1, reflected, width);
    kernel->by_16[0] = x_to_the(16 * 8 + 63, reflected, width);
    kernel->by_16[1] = x_to_the(16 * 8 - 1, reflected, width);
    return kernel;
}

/// Eight bytes go through eight tables at a time.
static uint64_t update_by_tables(const ck_crc *kernel, uint64_t remainder, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        word ^= remainder;
        remainder = 0;
        for (int byte = 0; byte < 8; byte++) remainder ^= kernel->tables[7 - byte][word >> 8 * byte & 0xFF];
    }
    for (; count > 0; bytes++, count--) remainder = remainder >> 8 ^ kernel->tables[0][(remainder ^ *bytes) & 0xFF];
    return remainder;
}

#if defined(__x86_64__)
// Sixteen bytes at a time by carry-less multiplication: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction", Intel 2009.

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

WITH_CLMUL static inline __m128i load(const void *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }

/// Moves `bits` past what `factors` span and onto `next`.
WITH_CLMUL static inline __m128i fold(__m128i bits, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(bits, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(bits, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// `count` is a multiple of 16, and at least 64.
WITH_CLMUL static uint64_t update_by_folds(const ck_crc *kernel, uint64_t remainder, const uint8_t *bytes,
                                           size_t count) {
    const __m128i by_64 = load(kernel->by_64), by_16 = load(kernel->by_16);
    __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi64_si128((long long)remainder));
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
    // What is left has the same remainder as all before it.
    uint8_t last[16];
    _mm_storeu_si128((__m128i *)last, a);
    return update_by_tables(kernel, 0, last, sizeof last);
}
#endif

uint64_t ck_crc_update(const ck_crc *kernel, uint64_t remainder, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        size_t folded = count & ~(size_t)15;
        remainder = update_by_folds(kernel, remainder, bytes, folded);
        bytes += folded;
        count -= folded;
    }
#endif
    return update_by_tables(kernel, remainder, bytes, count);
}
