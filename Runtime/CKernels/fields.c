#include "fields.h"

#include <string.h>

#include "text_scan.h"

// A column's fields, one after the other. The stores of a kernel could change any structure behind a pointer as far as the
// compiler knows, so what a loop needs is copied into locals.
typedef struct {
    const uint8_t *text;
    const uint32_t *before, *end;
    size_t before_stride, end_stride;
} field_cursor;

static inline field_cursor cursor_at(const ck_fields *fields, size_t row) {
    field_cursor cursor = {
        fields->text, fields->before + row * fields->before_stride, fields->end + row * fields->end_stride,
        fields->before_stride, fields->end_stride};
    return cursor;
}

static inline void advance(field_cursor *cursor) {
    cursor->before += cursor->before_stride;
    cursor->end += cursor->end_stride;
}

// Quotes around a number change nothing. (What is left is never empty, and a quote inside is no digit.)
static inline void strip_quotes(const uint8_t **start, size_t *length) {
    if (**start == '"' && *length > 2 && (*start)[*length - 1] == '"') {
        *start += 1;
        *length -= 2;
    }
}

// Presence bits, gathered in a register and stored a word at a time.
typedef struct {
    uint64_t *words;
    uint64_t word;
} presence_writer;

static inline presence_writer presence_at(uint64_t *words, size_t row) {
    presence_writer writer = {words + (row >> 6), words[row >> 6]};
    return writer;
}

// Adds the bit of `row`; rows come in order.
static inline void add_presence(presence_writer *writer, size_t row, bool is_present) {
    writer->word |= (uint64_t)is_present << (row & 63);
    if ((row & 63) == 63) {
        *writer->words++ = writer->word;
        writer->word = 0;
    }
}

static inline void finish_presence(presence_writer *writer, size_t row) {
    if ((row & 63) != 0) *writer->words = writer->word;
}

// MARK: integers

static inline uint64_t load8(const uint8_t *text) {
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HAS_SWAR 1
#else
#define HAS_SWAR 0
#endif

static inline bool are_digits(uint64_t word) {
    return (((word + 0x4646464646464646u) | (word - 0x3030303030303030u)) & 0x8080808080808080u) == 0;
}

// Eight digits at once: pairs, then fours, then all.
static inline uint64_t parse8(uint64_t word) {
    word -= 0x3030303030303030u;
    word = word * 10 + (word >> 8);
    return (((word & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >> 32;
}

// The eight bytes before `end` with the bytes before the number, which the load takes along, as leading zeros.
static inline uint64_t load_digits(const uint8_t *end, size_t length) {
    unsigned other = 8 * (8 - (unsigned)length);
    uint64_t word = load8(end - 8) >> other << other;
    return word | (other == 0 ? 0 : 0x3030303030303030u >> (64 - other));
}

// The number in the 1 to 18 digits before `end`; false if one is no digit.
static inline bool parse_digits(const uint8_t *end, size_t length, uint64_t *value) {
    uint64_t result = 0;
    if (HAS_SWAR) {
        uint64_t scale = 1;
        while (length > 8) {
            uint64_t word = load8(end - 8);
            if (!are_digits(word)) return false;
            result += parse8(word) * scale;
            scale *= 100000000;
            end -= 8;
            length -= 8;
        }
        uint64_t word = load_digits(end, length);
        if (!are_digits(word)) return false;
        *value = result + parse8(word) * scale;
        return true;
    }
    for (const uint8_t *digit = end - length; digit < end; digit++) {
        if (*digit < '0' || *digit > '9') return false;
        result = result * 10 + (*digit - '0');
    }
    *value = result;
    return true;
}

size_t ck_int64_column(const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column) {
    if (row >= rows) return row;
    int64_t *values = (int64_t *)column->values + column->count;
    presence_writer presence = presence_at(column->presence, row);
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        size_t before = *cursor.before;
        if (before & CK_CAREFUL) break;
        size_t length = *cursor.end - before - 1;
        if (length > 0) {
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
        add_presence(&presence, row, length > 0);
    }
    finish_presence(&presence, row);
    column->count = (size_t)(values - (int64_t *)column->values);
    return row;
}

// MARK: doubles

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

size_t ck_double_column(const ck_fields *fields, size_t row, size_t rows, ck_column *column) {
    if (row >= rows) return row;
    double *values = (double *)column->values + column->count;
    presence_writer presence = presence_at(column->presence, row);
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        size_t before = *cursor.before;
        if (before & CK_CAREFUL) break;
        size_t length = *cursor.end - before - 1;
        if (length > 0) {
            const uint8_t *start = cursor.text + before + 1;
            strip_quotes(&start, &length);
            if (!parse_double(start, length, values)) break;
            values++;
        }
        add_presence(&presence, row, length > 0);
    }
    finish_presence(&presence, row);
    column->count = (size_t)(values - (double *)column->values);
    return row;
}

// MARK: text

// Most values are short: one fixed-size copy beats a call whose length is a surprise each time.
static inline uint32_t copy_text(uint8_t *to, uint32_t at, const uint8_t *from, size_t length) {
    if (length <= 32) {
        memcpy(to + at, from, 32);
    } else {
        memcpy(to + at, from, length);
    }
    return at + (uint32_t)length;
}

// Both formats' text: JSON's stands in quotes that do not belong to it, CSV's must not.
static inline __attribute__((always_inline)) size_t text_column(
    const ck_fields *fields, size_t row, size_t rows, ck_text_column *column, bool quoted) {
    if (row >= rows) return row;
    uint8_t *bytes = column->bytes;
    uint32_t *offsets = column->offsets + column->count;
    uint32_t at = *offsets;
    presence_writer presence = presence_at(column->presence, row);
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        size_t before = *cursor.before;
        if (before & CK_CAREFUL) break;
        const uint8_t *start = cursor.text + before + 1;
        size_t length = *cursor.end - before - 1;
        bool present = false;
        if (length > 0) {
            if (*start == '"') {
                // In JSON the closing quote is known to be the last byte and the only other; in CSV it must be looked for.
                if (!quoted && memchr(start + 1, '"', length - 1) != start + length - 1) break;
                start++;
                length -= 2;
            } else if (quoted) {
                break;
            }
            at = copy_text(bytes, at, start, length);
            *++offsets = at;
            present = true;
        }
        add_presence(&presence, row, present);
    }
    finish_presence(&presence, row);
    column->count = (size_t)(offsets - column->offsets);
    return row;
}

size_t ck_csv_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    return text_column(fields, row, rows, column, false);
}

size_t ck_json_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    return text_column(fields, row, rows, column, true);
}
