#include "digits.h"
#include "field_cursor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__)

// Bytes that select the last `n` of 16 from offset n.
static const uint8_t last_bytes[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

// Reads rows two at a time as long as both have 1 to 16 digits, without leading zeros, and nothing else. Returns the row at
// which it stopped; there are as many values as rows.
__attribute__((target("avx2"))) static size_t int64_pairs_avx2(
    const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, int64_t *values) {
    const __m256i nine = _mm256_set1_epi8(9), zero = _mm256_set1_epi8('0');
    const __m256i tens = _mm256_set1_epi16(0x010A), hundreds = _mm256_set1_epi32(0x00010064);
    const __m256i ten_thousands = _mm256_set1_epi32(0x00012710), hundred_millions = _mm256_set1_epi64x(100000000);
    const __m256i least = _mm256_set1_epi64x(low), greatest = _mm256_set1_epi64x(high);
    field_cursor cursor = cursor_at(fields, row);
    for (; row + 2 <= rows; row += 2, values += 2) {
        uint32_t before0 = cursor.before[0], end0 = cursor.end[0];
        uint32_t before1 = cursor.before[cursor.before_stride], end1 = cursor.end[cursor.end_stride];
        // What is marked CK_CAREFUL looks far too long.
        uint32_t length0 = end0 - before0 - 1, length1 = end1 - before1 - 1;
        if (((length0 - 1) | (length1 - 1)) > 15) break;
        if ((cursor.text[before0 + 1] == '0') & (length0 > 1)) break;
        if ((cursor.text[before1 + 1] == '0') & (length1 > 1)) break;
        __m256i digits = _mm256_set_m128i(
            _mm_loadu_si128((const __m128i *)(cursor.text + end1 - 16)),
            _mm_loadu_si128((const __m128i *)(cursor.text + end0 - 16)));
        __m256i keep = _mm256_set_m128i(
            _mm_loadu_si128((const __m128i *)(last_bytes + length1)),
            _mm_loadu_si128((const __m128i *)(last_bytes + length0)));
        digits = _mm256_and_si256(_mm256_sub_epi8(digits, zero), keep);
        __m256i bad = _mm256_subs_epu8(digits, nine);
        // Pairs, then fours, then eights; those are two numbers in each half.
        __m256i number = _mm256_madd_epi16(_mm256_maddubs_epi16(digits, tens), hundreds);
        number = _mm256_madd_epi16(_mm256_packus_epi32(number, number), ten_thousands);
        number = _mm256_add_epi64(_mm256_mul_epu32(number, hundred_millions), _mm256_srli_epi64(number, 32));
        bad = _mm256_or_si256(
            bad, _mm256_or_si256(_mm256_cmpgt_epi64(number, greatest), _mm256_cmpgt_epi64(least, number)));
        if (!_mm256_testz_si256(bad, bad)) break;
        _mm_storeu_si128((__m128i *)values, _mm256_castsi256_si128(_mm256_permute4x64_epi64(number, 0x08)));
        cursor.before += 2 * cursor.before_stride;
        cursor.end += 2 * cursor.end_stride;
    }
    return row;
}

#endif

// What int64_pairs_avx2 does, where it can be used; else nothing.
static inline size_t int64_pairs(
    const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, int64_t *values) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return int64_pairs_avx2(fields, row, rows, low, high, values);
#endif
    return row;
}

static inline __attribute__((always_inline)) size_t int64_column(
    const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column, bool in_pairs) {
    int64_t *values = (int64_t *)column->values + column->count;
    size_t present = row, next_try = row;
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        if (in_pairs && row >= next_try) {
            size_t end = int64_pairs(fields, row, rows, low, high, values);
            values += end - row;
            row = end;
            next_try = end + rows_between_tries;
            if (row == rows) break;
            cursor = cursor_at(fields, row);
        }
        size_t before = *cursor.before;
        if (before & CK_CAREFUL) break;
        size_t length = *cursor.end - before - 1;
        if (length == 0) {
            set_present(column->presence, present, row);
            present = row + 1;
            continue;
        }
        const uint8_t *start = cursor.text + before + 1;
        strip_quotes(&start, &length);
        bool negative = *start == '-';
        start += negative;
        size_t digits = length - negative;
        uint64_t magnitude;
        if (digits - 1 > 17 || (*start == '0' && digits > 1)) break;
        if (!parse_digits(start + digits, digits, &magnitude)) break;
        int64_t value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
        if (value < low || value > high) break;
        *values++ = value;
    }
    set_present(column->presence, present, row);
    column->count = (size_t)(values - (int64_t *)column->values);
    return row;
}

size_t ck_int64_column(const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column) {
    return int64_column(fields, row, rows, low, high, column, true);
}

size_t ck_int64_column_portable(
    const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column) {
    return int64_column(fields, row, rows, low, high, column, false);
}
