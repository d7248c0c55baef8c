#include "field_cursor.h"

// Most values are short: one fixed-size copy beats a call whose length is a surprise each time. With a plain memcpy in both
// branches the compiler makes one call of them.
static inline uint32_t copy_text(uint8_t *to, uint32_t at, const uint8_t *from, size_t length) {
    if (__builtin_expect(length <= 32, 1)) {
        __builtin_memcpy_inline(to + at, from, 32);
    } else {
        memcpy(to + at, from, length);
    }
    return at + (uint32_t)length;
}

// Both formats' text: JSON's stands in quotes that do not belong to it, CSV's must not.
static inline __attribute__((always_inline)) size_t text_column(
    const ck_fields *fields, size_t row, size_t rows, ck_text_column *column, bool quoted) {
    uint8_t *bytes = column->bytes;
    uint32_t *offsets = column->offsets + column->count;
    uint32_t at = *offsets;
    size_t present = row;
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows; row++, advance(&cursor)) {
        size_t before = *cursor.before;
        if (before & CK_CAREFUL) break;
        const uint8_t *start = cursor.text + before + 1;
        size_t length = *cursor.end - before - 1;
        if (length == 0) {
            set_present(column->presence, present, row);
            present = row + 1;
            continue;
        }
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
    }
    set_present(column->presence, present, row);
    column->count = (size_t)(offsets - column->offsets);
    return row;
}

size_t ck_csv_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    return text_column(fields, row, rows, column, false);
}

size_t ck_json_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column) {
    return text_column(fields, row, rows, column, true);
}

size_t ck_empty_fields(const ck_fields *fields, size_t row, size_t rows) {
    size_t first = row;
    field_cursor cursor = cursor_at(fields, row);
    for (; row < rows && *cursor.end - *cursor.before == 1; row++) advance(&cursor);
    return row - first;
}

size_t ck_equal_fields(const ck_fields *fields, size_t row, size_t rows) {
    size_t first = row;
    field_cursor cursor = cursor_at(fields, row);
    const uint8_t *start = cursor.text + *cursor.before + 1;
    size_t length = *cursor.end - *cursor.before - 1;
    for (; row < rows; row++, advance(&cursor)) {
        if (*cursor.before & CK_CAREFUL || *cursor.end - *cursor.before - 1 != length) break;
        if (memcmp(cursor.text + *cursor.before + 1, start, length) != 0) break;
    }
    return row - first;
}
