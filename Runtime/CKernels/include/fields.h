#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One column's fields in a slice of rows. Field `r` is the text after offset `before[r * before_stride]` and before
/// offset `end[r * end_stride]`.
typedef struct {
    const uint8_t *text;
    const uint32_t *before;
    size_t before_stride;
    const uint32_t *end;
    size_t end_stride;
} ck_fields;

/// Set in `before` for a field that only the careful path can read.
#define CK_CAREFUL 0x80000000u

/// The output of a column kernel: the values of non-empty fields, dense, and which rows have one.
typedef struct {
    void *values;
    size_t count;
    /// One bit a row, least significant first; the caller zeroes it.
    uint64_t *presence;
} ck_column;

// Each kernel reads rows [row, rows) of its column until it meets a field that is not in the plain form of its type, and
// returns that row, or `rows`. The caller decides such a field and calls again for the rows after it.
// An empty field is a null. Quotes around a number are left out of account.

/// Plain: an optional minus and 1 to 18 digits without leading zeros, between `low` and `high`. Values are int64_t.
size_t ck_int64_column(const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column);

/// What ck_int64_column does where there is no SIMD for it.
size_t ck_int64_column_portable(
    const ck_fields *fields, size_t row, size_t rows, int64_t low, int64_t high, ck_column *column);

/// Plain: an optional minus, digits without leading zeros, optionally a point and digits, no more than fit exactly.
/// Values are correctly rounded doubles.
size_t ck_double_column(const ck_fields *fields, size_t row, size_t rows, ck_column *column);

/// Text and the offsets between values: `offsets[count]` is the end of the last.
typedef struct {
    uint8_t *bytes;
    uint32_t *offsets;
    size_t count;
    uint64_t *presence;
} ck_text_column;

/// Plain: text that does not begin with a quote, or that stands in quotes and has no other. `bytes` needs CK_PADDING bytes beyond the text's length.
size_t ck_csv_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column);

/// Plain: text between quotes, without escapes (those are marked CK_CAREFUL).
size_t ck_json_text_column(const ck_fields *fields, size_t row, size_t rows, ck_text_column *column);

/// How many of the rows [row, rows) are, from the first, empty.
size_t ck_empty_fields(const ck_fields *fields, size_t row, size_t rows);

/// How many of the rows [row, rows) are, from the first, written byte for byte as it is.
size_t ck_equal_fields(const ck_fields *fields, size_t row, size_t rows);
