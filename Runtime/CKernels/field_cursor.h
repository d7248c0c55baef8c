#pragma once
// What the column kernels share: walking a column's fields, and noting which rows have a value.
#include <string.h>

#include "fields.h"
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

// Sets the bits of rows [from, to). Most columns have no nulls or few, so bits are set for runs between them.
static inline void set_present(uint64_t *words, size_t from, size_t to) {
    while (from < to) {
        size_t shift = from & 63, count = 64 - shift < to - from ? 64 - shift : to - from;
        words[from >> 6] |= (~(uint64_t)0 >> (64 - count)) << shift;
        from += count;
    }
}

// The rows that are read one by one before a kernel tries again to take many that are written alike.
enum { rows_between_tries = 16 };
