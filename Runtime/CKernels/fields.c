#include "fields.h"

#include <string.h>

#include "text_scan.h"

static inline void set_present(uint64_t *presence, size_t row) {
    presence[row >> 6] |= (uint64_t)1 << (row & 63);
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
        // The bytes before the number, which the load takes along, become leading zeros.
        unsigned other = 8 * (8 - (unsigned)length);
        uint64_t word = load8(end - 8) >> other << other;
        word |= other == 0 ? 0 : 0x3030303030303030u >> (64 - other);
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
    const uint8_t *text = fields->text;
    int64_t *values = column->values;
    size_t count = column->count;
    for (; row < rows; row++) {
        size_t before = fields->before[row * fields->before_stride];
        size_t end = fields->end[row * fields->end_stride];
        if (before & CK_CAREFUL) break;
        size_t length = end - before - 1;
        if (length == 0) continue;
        const uint8_t *start = text + before + 1;
        bool negative = *start == '-';
        start += negative;
        length -= negative;
        uint64_t magnitude;
        if (length - 1 > 17 || (*start == '0' && length > 1)) break;
        if (!parse_digits(text + end, length, &magnitude)) break;
        int64_t value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
        if (value < low || value > high) break;
        values[count++] = value;
        set_present(column->presence, row);
    }
    column->count = count;
    return row;
}

// MARK: doubles

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A mantissa below 2^53 and a power of ten up to 10^22 are both exact doubles, so one division rounds correctly.
// (Clinger, "How to read floating point numbers accurately", 1990.)
static inline bool parse_double(const uint8_t *text, size_t length, double *value) {
    bool negative = *text == '-';
    const uint8_t *at = text + negative, *end = text + length, *point = NULL;
    if (length - negative > 17 || at == end) return false;
    if (*at == '0' && end - at > 1 && at[1] != '.') return false;
    uint64_t mantissa = 0;
    const uint8_t *first = at;
    for (; at < end; at++) {
        uint8_t digit = *at - '0';
        if (digit <= 9) {
            mantissa = mantissa * 10 + digit;
        } else if (*at == '.' && point == NULL && at > first) {
            point = at;
        } else {
            return false;
        }
    }
    size_t decimals = point == NULL ? 0 : (size_t)(end - point) - 1;
    if ((point != NULL && decimals == 0) || mantissa > (uint64_t)1 << 53) return false;
    double magnitude = (double)mantissa;
    if (decimals > 0) magnitude /= powers_of_ten[decimals];
    *value = negative ? -magnitude : magnitude;
    return true;
}

size_t ck_double_column(const ck_fields *fields, size_t row, size_t rows, ck_column *column) {
    double *values = column->values;
    size_t count = column->count;
    for (; row < rows; row++) {
        size_t before = fields->before[row * fields->before_stride];
        size_t end = fields->end[row * fields->end_stride];
        if (before & CK_CAREFUL) break;
        size_t length = end - before - 1;
        if (length == 0) continue;
        if (!parse_double(fields->text + before + 1, length, &values[count])) break;
        count++;
        set_present(column->presence, row);
    }
    column->count = count;
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

size_t ck_csv_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    size_t count = column->count;
    uint32_t at = column->offsets[count];
    for (; row < rows; row++) {
        size_t before = fields->before[row * fields->before_stride];
        size_t end = fields->end[row * fields->end_stride];
        if (before & CK_CAREFUL) break;
        const uint8_t *start = fields->text + before + 1;
        size_t length = end - before - 1;
        if (length == 0) continue;
        if (*start == '"') break;
        at = copy_text(column->bytes, at, start, length);
        column->offsets[++count] = at;
        set_present(column->presence, row);
    }
    column->count = count;
    return row;
}

size_t ck_json_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    size_t count = column->count;
    uint32_t at = column->offsets[count];
    for (; row < rows; row++) {
        size_t before = fields->before[row * fields->before_stride];
        size_t end = fields->end[row * fields->end_stride];
        if (before & CK_CAREFUL) break;
        const uint8_t *start = fields->text + before + 1;
        size_t length = end - before - 1;
        if (length == 0) continue;
        if (*start != '"') break;
        at = copy_text(column->bytes, at, start + 1, length - 2);
        column->offsets[++count] = at;
        set_present(column->presence, row);
    }
    column->count = count;
    return row;
}
