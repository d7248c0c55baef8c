#include "include/base64.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char *const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NOT_IN_ALPHABET = 0x80 };

/// The value of each character, one more than it is, so that what is not listed is 0.
static const uint8_t sextets_plus_one[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,
    ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
    ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,
    ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

/// The value of a character; NOT_IN_ALPHABET is set for one that has none.
static inline uint8_t sextet(uint8_t character) { return (uint8_t)(sextets_plus_one[character] - 1); }

static ptrdiff_t decode_portable(const uint8_t *text, size_t length, uint8_t *out) {
    if (length % 4 != 0) return -1;
    if (length == 0) return 0;
    uint8_t *start = out;
    size_t padding = text[length - 1] != '=' ? 0 : text[length - 2] != '=' ? 1 : 2;
    size_t whole = padding == 0 ? length : length - 4;
    for (const uint8_t *end = text + whole; text < end; text += 4, out += 3) {
        uint8_t a = sextet(text[0]), b = sextet(text[1]), c = sextet(text[2]), d = sextet(text[3]);
        if ((a | b | c | d) & NOT_IN_ALPHABET) return -1;
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    if (padding > 0) {
        uint8_t a = sextet(text[0]), b = sextet(text[1]), c = padding == 1 ? sextet(text[2]) : 0;
        if ((a | b | c) & NOT_IN_ALPHABET) return -1;
        *out++ = (uint8_t)(a << 2 | b >> 4);
        if (padding == 1) *out++ = (uint8_t)(b << 4 | c >> 2);
    }
    return out - start;
}

static size_t encode_portable(const uint8_t *bytes, size_t length, uint8_t *out) {
    uint8_t *start = out;
    for (; length >= 3; bytes += 3, length -= 3, out += 4) {
        uint32_t word = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        out[0] = (uint8_t)alphabet[word >> 18];
        out[1] = (uint8_t)alphabet[word >> 12 & 63];
        out[2] = (uint8_t)alphabet[word >> 6 & 63];
        out[3] = (uint8_t)alphabet[word & 63];
    }
    if (length > 0) {
        uint32_t word = (uint32_t)bytes[0] << 16 | (length > 1 ? (uint32_t)bytes[1] << 8 : 0);
        out[0] = (uint8_t)alphabet[word >> 18];
        out[1] = (uint8_t)alphabet[word >> 12 & 63];
        out[2] = (uint8_t)(length > 1 ? alphabet[word >> 6 & 63] : '=');
        out[3] = '=';
        out += 4;
    }
    return (size_t)(out - start);
}

#if defined(__x86_64__)
// Both follow Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018,
// https://arxiv.org/abs/1704.00605: 32 characters, or 24 bytes, a step. They return how much of the input they did.

__attribute__((target("avx2"))) static size_t decode_avx2(const uint8_t *text, size_t length, uint8_t *out) {
    // A character is in the alphabet if the bits that its low and its high nibble select have none in common.
    const __m256i of_low = _mm256_setr_epi8(
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
        0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i of_high = _mm256_setr_epi8(
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    // What to add to a character, by its high nibble, one less for '/'.
    const __m256i offsets = _mm256_setr_epi8(
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i big_endian = _mm256_setr_epi8(
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i gather = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i slash = _mm256_set1_epi8('/');
    size_t at = 0;
    // Each step stores 32 bytes for 24: from 48 characters on there is room for them.
    for (; length - at >= 48; at += 32, out += 24) {
        __m256i in = _mm256_loadu_si256((const __m256i *)(text + at));
        __m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), slash);
        __m256i low = _mm256_and_si256(in, slash);
        __m256i is_slash = _mm256_cmpeq_epi8(in, slash);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(of_low, low), _mm256_shuffle_epi8(of_high, high))) break;
        in = _mm256_add_epi8(in, _mm256_shuffle_epi8(offsets, _mm256_add_epi8(is_slash, high)));
        in = _mm256_maddubs_epi16(in, _mm256_set1_epi32(0x01400140));
        in = _mm256_madd_epi16(in, _mm256_set1_epi32(0x00011000));
        in = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(in, big_endian), gather);
        _mm256_storeu_si256((__m256i *)out, in);
    }
    return at;
}

__attribute__((target("avx2"))) static size_t encode_avx2(const uint8_t *bytes, size_t length, uint8_t *out) {
    const __m256i spread = _mm256_setr_epi8(
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    // What to add to a sextet: by 0 for a-z, 1 to 10 for digits, 11 and 12 for the signs, 13 for A-Z.
    const __m256i offsets = _mm256_setr_epi8(
        'a' - 26, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, '+' - 62, '/' - 63, 'A', 0, 0,
        'a' - 26, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, '+' - 62, '/' - 63, 'A', 0, 0);
    size_t at = 0;
    for (; length - at >= 28; at += 24, out += 32) {
        __m128i first = _mm_loadu_si128((const __m128i *)(bytes + at));
        __m128i second = _mm_loadu_si128((const __m128i *)(bytes + at + 12));
        __m256i in = _mm256_shuffle_epi8(_mm256_set_m128i(second, first), spread);
        __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
        __m256i even = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
        __m256i sextet = _mm256_or_si256(odd, even);
        __m256i class = _mm256_subs_epu8(sextet, _mm256_set1_epi8(51));
        __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), sextet);
        class = _mm256_or_si256(class, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
        _mm256_storeu_si256((__m256i *)out, _mm256_add_epi8(sextet, _mm256_shuffle_epi8(offsets, class)));
    }
    return at;
}
#endif

ptrdiff_t ck_base64_decode(const uint8_t *text, size_t length, uint8_t *out) {
    size_t done = 0;
#if defined(__x86_64__)
    if (length >= 48 && __builtin_cpu_supports("avx2")) done = decode_avx2(text, length, out);
#endif
    ptrdiff_t rest = decode_portable(text + done, length - done, out + done / 4 * 3);
    return rest < 0 ? -1 : rest + (ptrdiff_t)(done / 4 * 3);
}

size_t ck_base64_encode(const uint8_t *bytes, size_t length, uint8_t *out) {
    size_t done = 0;
#if defined(__x86_64__)
    if (length >= 28 && __builtin_cpu_supports("avx2")) done = encode_avx2(bytes, length, out);
#endif
    return done / 3 * 4 + encode_portable(bytes + done, length - done, out + done / 3 * 4);
}
