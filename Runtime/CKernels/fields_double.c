#include "digits.h"
#include "field_cursor.h"

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A mantissa below 2^53 and a power of ten up to 10^22 are both exact doubles, so one division rounds correctly.
// (Clinger, "How to read floating point numbers accurately", 1990.)
static inline double scaled(uint64_t mantissa, size_t decimals, bool negative) {
    double magnitude = (double)mantissa;
    if (decimals > 0) magnitude /= powers_of_ten[decimals];
    return negative ? -magnitude : magnitude;
}

// What one digit, a point and one digit stand for, as scores and rates often are: each the quotient above, divided once.
#define TENTHS(d)                                                                                                      \
    (d) / 10.0, ((d) + 1) / 10.0, ((d) + 2) / 10.0, ((d) + 3) / 10.0, ((d) + 4) / 10.0, ((d) + 5) / 10.0,              \
        ((d) + 6) / 10.0, ((d) + 7) / 10.0, ((d) + 8) / 10.0, ((d) + 9) / 10.0
static const double tenths[] = {TENTHS(0),  TENTHS(10), TENTHS(20), TENTHS(30), TENTHS(40),
                                TENTHS(50), TENTHS(60), TENTHS(70), TENTHS(80), TENTHS(90)};

// A number with a point in at most 8 bytes: the point is squeezed out, and what is left is digits.
static inline bool parse_short_double(const uint8_t *text, size_t length, bool negative, double *value) {
    uint64_t word = load_digits(text + length, length);
    uint64_t differs = word ^ 0x2E2E2E2E2E2E2E2Eu;
    uint64_t points = (differs - 0x0101010101010101u) & ~differs & 0x8080808080808080u;
    if (points == 0) return false;
    unsigned place = (unsigned)__builtin_ctzll(points) & ~7u;
    size_t decimals = 7 - place / 8;
    // No digit before the point, or none after it.
    if (decimals == 0 || decimals + 1 == length) return false;
    uint64_t below = ((uint64_t)1 << place) - 1;
    uint64_t digits = (word & below) << 8 | (word & ~below & ~((uint64_t)0xFF << place)) | 0x30;
    if (!are_digits(digits)) return false;
    *value = scaled(parse8(digits), decimals, negative);
    return true;
}

static inline bool parse_double(const uint8_t *text, size_t length, double *value) {
    if (length == 3 && text[1] == '.') {
        unsigned ones = (unsigned)text[0] - '0', tenth = (unsigned)text[2] - '0';
        if (ones > 9 || tenth > 9) return false;
        *value = tenths[ones * 10 + tenth];
        return true;
    }
    bool negative = *text == '-';
    text += negative;
    length -= negative;
    if (length - 1 > 16) return false;
    if (*text == '0' && length > 1 && text[1] != '.') return false;
    if (HAS_SWAR && length <= 8 && parse_short_double(text, length, negative, value)) return true;
    uint64_t mantissa = 0;
    size_t point = length;
    for (size_t i = 0; i < length; i++) {
        uint8_t digit = text[i] - '0';
        if (digit <= 9) {
            mantissa = mantissa * 10 + digit;
        } else if (text[i] == '.' && point == length && i > 0 && i + 1 < length) {
            point = i;
        } else {
            return false;
        }
    }
    if (mantissa > (uint64_t)1 << 53) return false;
    *value = scaled(mantissa, point == length ? 0 : length - point - 1, negative);
    return true;
}

// Reads rows as long as they are one digit, a point and one digit; the row at which it stopped. As many values as rows.
static inline size_t tenths_run(const ck_fields *fields, size_t row, size_t rows, double *values) {
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        uint32_t before = *cursor.before;
        // What is marked CK_CAREFUL has another length.
        if (*cursor.end - before != 4) break;
        const uint8_t *text = cursor.text + before + 1;
        unsigned ones = (unsigned)text[0] - '0', tenth = (unsigned)text[2] - '0';
        if ((text[1] != '.') | (ones > 9) | (tenth > 9)) break;
        *values++ = tenths[ones * 10 + tenth];
    }
    return row;
}

size_t ck_double_column(const ck_fields *fields, size_t row, size_t rows, ck_column *column) {
    double *values = (double *)column->values + column->count;
    size_t present = row, next_try = row;
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        if (row >= next_try) {
            size_t end = tenths_run(fields, row, rows, values);
            values += end - row;
            // Where scores are, they follow soon behind a null; where there are none, this was in vain.
            next_try = end == row ? row + rows_between_tries : end + 1;
            row = end;
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
        if (!parse_double(start, length, values)) break;
        values++;
    }
    set_present(column->presence, present, row);
    column->count = (size_t)(values - (double *)column->values);
    return row;
}
