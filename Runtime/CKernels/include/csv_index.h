#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a CSV text is written.
typedef struct {
    uint8_t delimiter;
    /// Whether a byte behind a backslash is text.
    bool has_escapes;
} ck_csv_dialect;

/// Where the fields and rows of a CSV text end.
typedef struct {
    ck_csv_dialect dialect;
    /// Offsets of the delimiters and newlines that separate fields, in order; those inside quotes are not separators.
    uint32_t *separators;
    size_t separator_capacity;
    /// For each complete row, the index in `separators` of the newline that ends it.
    uint32_t *row_ends;
    size_t row_capacity;
    size_t separator_count;
    size_t row_count;
    /// Whether a quote or an escape was seen, so that rows may span lines.
    bool has_quotes;
    /// Whether a carriage return was seen, so that rows may end before one.
    bool has_returns;
} ck_csv_index;

/// Indexes complete rows from `from`, which must begin a row, up to `to` or to where the index is full.
///
/// It may stop earlier, also before the first row, at a row whose quotes are not those of RFC 4180;
/// ck_csv_index_row then takes that row. Adds to the counts of `index`. Offsets are those in `text`.
void ck_csv_index_rows(const uint8_t *text, size_t from, size_t to, ck_csv_index *index);

/// The first of the indexed rows [row, rows) that has not exactly `fields` fields, or has a carriage return; `rows` if there is
/// none. The offset before the first row stands before the first of the separators.
size_t ck_csv_regular_rows(const uint8_t *text, const ck_csv_index *index, size_t row, size_t rows, size_t fields);

/// What ck_csv_index_rows does where there is no SIMD for it.
void ck_csv_index_rows_portable(const uint8_t *text, size_t from, size_t to, ck_csv_index *index);

/// Indexes the one row that begins at `from`, byte by byte. False if it does not end before `to`.
///
/// In a text with escapes, a delimiter, quote or newline behind a backslash is text. A quote opens a quoted field only as the field's first byte and is text anywhere else. Separators beyond the capacity
/// are counted in `fields` and not stored; the row's newline always is.
bool ck_csv_index_row(const uint8_t *text, size_t from, size_t to, ck_csv_index *index, size_t *fields);

/// The state in which ck_csv_skip_row is inside a quoted field.
#define CK_CSV_IN_QUOTES 2

/// The end of a row that is too long to be held: the offset after its newline, or `to` if it goes on.
/// `*state` is 0 at the start of a row and carries over to the next piece of text.
size_t ck_csv_skip_row(
    const uint8_t *text, size_t from, size_t to, ck_csv_dialect dialect, int *state, bool *ended);
