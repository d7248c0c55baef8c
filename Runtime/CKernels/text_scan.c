#include "text_scan.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t ck_count_byte(const uint8_t *text, size_t length, uint8_t byte) {
    size_t count = 0;
    // 255 at most fit the byte-wide sums that the compiler keeps in vector registers.
    while (length > 0) {
        size_t block = length < 255 ? length : 255;
        uint8_t sum = 0;
        for (size_t i = 0; i < block; i++) sum += text[i] == byte;
        count += sum;
        text += block;
        length -= block;
    }
    return count;
}

size_t ck_ascii_prefix(const uint8_t *text, size_t length) {
    size_t at = 0;
    while (length - at >= 64) {
        uint64_t words[8];
        memcpy(words, text + at, sizeof words);
        uint64_t any = words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7];
        if (any & 0x8080808080808080u) return at;
        at += 64;
    }
    while (at < length && text[at] < 0x80) at++;
    return at;
}

size_t ck_utf8_prefix_portable(const uint8_t *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        uint8_t first = text[at];
        if (first < 0x80) {
            size_t ascii = ck_ascii_prefix(text + at, length - at);
            at += ascii > 0 ? ascii : 1;
            continue;
        }
        size_t size;
        uint8_t low = 0x80, high = 0xBF;
        if (first >= 0xC2 && first <= 0xDF) {
            size = 2;
        } else if (first >= 0xE0 && first <= 0xEF) {
            size = 3;
            if (first == 0xE0) low = 0xA0;
            if (first == 0xED) high = 0x9F;
        } else if (first >= 0xF0 && first <= 0xF4) {
            size = 4;
            if (first == 0xF0) low = 0x90;
            if (first == 0xF4) high = 0x8F;
        } else {
            return at;
        }
        if (length - at < size || text[at + 1] < low || text[at + 1] > high) return at;
        for (size_t i = 2; i < size; i++) {
            if ((text[at + i] & 0xC0) != 0x80) return at;
        }
        at += size;
    }
    return length;
}

#if defined(__x86_64__)

// What can be wrong with two bytes in a row; each bit is set in the entries of all three tables that it needs.
enum {
    TOO_SHORT = 1 << 0,      // a lead byte without what must follow
    TOO_LONG = 1 << 1,       // ASCII followed by a continuation
    OVERLONG_3 = 1 << 2,     // E0 80..9F
    TOO_LARGE = 1 << 3,      // F4 90.., F5 and above
    SURROGATE = 1 << 4,      // ED A0..BF
    OVERLONG_2 = 1 << 5,     // C0, C1
    TOO_LARGE_1000 = 1 << 6, // F5 80..8F and above
    OVERLONG_4 = 1 << 6,     // F0 80..8F
    TWO_CONTINUATIONS = 1 << 7,
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,
};

#define BOTH_HALVES(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define SIGNED(bits) ((char)(bits))

// The bytes `by` before each of `in`; those before the first are the last of `before`.
#define EARLIER(in, before, by) _mm256_alignr_epi8(in, _mm256_permute2x128_si256(before, in, 0x21), 16 - (by))

// Whether the text is well-formed, up to a last character that it may cut off, in blocks of 32 bytes; `*done` of it.
// Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", 2021, https://arxiv.org/abs/2010.03090
__attribute__((target("avx2"))) static bool utf8_blocks_avx2(const uint8_t *text, size_t length, size_t *done) {
    const __m256i first_high = BOTH_HALVES(
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, SIGNED(TWO_CONTINUATIONS),
        SIGNED(TWO_CONTINUATIONS), SIGNED(TWO_CONTINUATIONS), SIGNED(TWO_CONTINUATIONS), TOO_SHORT | OVERLONG_2, TOO_SHORT,
        TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
    const char above_f4 = SIGNED(CARRY | TOO_LARGE | TOO_LARGE_1000);
    const __m256i first_low = BOTH_HALVES(
        SIGNED(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), SIGNED(CARRY | OVERLONG_2), SIGNED(CARRY), SIGNED(CARRY),
        SIGNED(CARRY | TOO_LARGE), above_f4, above_f4, above_f4, above_f4, above_f4, above_f4, above_f4, above_f4,
        SIGNED(CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE), above_f4, above_f4);
    const char continuation = SIGNED(TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS);
    const __m256i second_high = BOTH_HALVES(
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        SIGNED(continuation | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4), SIGNED(continuation | OVERLONG_3 | TOO_LARGE),
        SIGNED(continuation | SURROGATE | TOO_LARGE), SIGNED(continuation | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT,
        TOO_SHORT, TOO_SHORT);
    // The last three bytes of a block are these at most, if no character goes on behind it.
    const __m256i complete = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        SIGNED(0xEF), SIGNED(0xDF), SIGNED(0xBF));
    const __m256i nibble = _mm256_set1_epi8(0x0F), high_bit = _mm256_set1_epi8(SIGNED(0x80));
    __m256i wrong = _mm256_setzero_si256(), before = wrong;
    size_t at = 0;
    for (; length - at >= 32; at += 32) {
        __m256i in = _mm256_loadu_si256((const __m256i *)(text + at));
        if (_mm256_movemask_epi8(in) == 0) {
            wrong = _mm256_or_si256(wrong, _mm256_subs_epu8(before, complete));
        } else {
            __m256i one_before = EARLIER(in, before, 1);
            __m256i found = _mm256_and_si256(
                _mm256_and_si256(
                    _mm256_shuffle_epi8(first_high, _mm256_and_si256(_mm256_srli_epi16(one_before, 4), nibble)),
                    _mm256_shuffle_epi8(first_low, _mm256_and_si256(one_before, nibble))),
                _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(in, 4), nibble)));
            // Two continuations in a row are right where a character of three or four bytes began before them.
            __m256i third = _mm256_subs_epu8(EARLIER(in, before, 2), _mm256_set1_epi8(0xE0 - 0x80));
            __m256i fourth = _mm256_subs_epu8(EARLIER(in, before, 3), _mm256_set1_epi8(0xF0 - 0x80));
            __m256i expected = _mm256_and_si256(_mm256_or_si256(third, fourth), high_bit);
            wrong = _mm256_or_si256(wrong, _mm256_xor_si256(found, expected));
        }
        before = in;
    }
    *done = at;
    return _mm256_testz_si256(wrong, wrong);
}

#endif

size_t ck_utf8_prefix(const uint8_t *text, size_t length) {
#if defined(__x86_64__)
    size_t done;
    if (length >= 64 && __builtin_cpu_supports("avx2") && utf8_blocks_avx2(text, length, &done)) {
        // The last character of the blocks may go on behind them, so the rest begins with it.
        size_t rest = done;
        while (rest > 0 && done - rest < 3 && (text[rest - 1] & 0xC0) == 0x80) rest--;
        if (rest > 0 && text[rest - 1] >= 0xC0) rest--;
        return rest + ck_utf8_prefix_portable(text + rest, length - rest);
    }
#endif
    return ck_utf8_prefix_portable(text, length);
}
