#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that lines repeat.
typedef struct {
    /// `length` bytes, then zeros up to a multiple of 8; CK_PADDING bytes behind them may be read.
    const uint8_t *bytes;
    uint32_t length;
    /// For a key: the field that its value belongs to.
    uint32_t field;
} ck_json_literal;

/// How a file's lines are written: their white space, and the order in which keys are expected. Keys may be missing from a
/// line or come in another order; that only costs time.
typedef struct {
    /// What stands before the first key, between members, and behind the last value, such as `{`, `,` and `}`.
    ck_json_literal opening, separator, closing;
    /// The known keys with their quotes and colon, such as `"name":`.
    const ck_json_literal *keys;
    /// At most CK_JSON_FIELDS.
    size_t key_count;
    /// The keys of the line that was learned from, in its order, each with what stands before it; none if one is longer than
    /// CK_JSON_MEMBER. They are the first of `keys`.
    const ck_json_literal *members;
    size_t member_count;
} ck_json_shape;

/// The longest that can be compared at once.
#define CK_JSON_MEMBER 32

#define CK_JSON_FIELDS 1024

/// Rows as offsets: a field's value lies after `befores[row * stride + field]` and before `ends[row * stride + field]`,
/// with the quotes of a string; nothing lies there for null. CK_CAREFUL in `befores` marks a string with escapes.
typedef struct {
    uint32_t *befores;
    uint32_t *ends;
    size_t stride;
    uint32_t *row_before;
    uint32_t *row_end;
    size_t row_count;
    size_t row_capacity;
    /// One bit a field: zero if no row has it. The caller zeroes it before the first row.
    uint64_t *seen;
} ck_json_rows;

/// Reads lines of one shape from `from`, as long as they begin before `limit`, to the first that is written in another way,
/// or has an unknown key, a key twice or a nested value. There are as many keys as `rows` has fields. The text must end in
/// a newline. Returns the offset of the line where it stopped.
size_t ck_json_read_rows(const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows);

/// What ck_json_read_rows does where there is no SIMD for it.
size_t ck_json_read_rows_portable(
    const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows);

/// The offset, from `from` on, of the first quote, backslash or control character.
size_t ck_json_string_stop(const uint8_t *text, size_t from);

/// What ck_json_string_stop does where there is no SIMD for it.
size_t ck_json_string_stop_portable(const uint8_t *text, size_t from);
