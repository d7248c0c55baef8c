#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What stands before a value in every line of one shape, such as `,"name":`, and the field that the value belongs to.
typedef struct {
    /// `length` bytes, then zeros up to a multiple of 8.
    const uint8_t *bytes;
    uint32_t length;
    uint32_t field;
} ck_json_part;

/// A line's keys, their order and its white space. Most files have one shape for all their lines.
typedef struct {
    /// The last part is what follows the last value.
    const ck_json_part *parts;
    size_t part_count;
    /// The fields that lines of this shape do not have.
    const uint32_t *absent;
    size_t absent_count;
} ck_json_shape;

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
} ck_json_rows;

/// Reads lines of one shape from `from`, as long as they begin before `limit`, to the first that has another shape or a
/// nested value. The text must end in a newline. Returns the offset of the line where it stopped.
size_t ck_json_read_rows(const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows);

/// The offset, from `from` on, of the first quote, backslash or control character.
size_t ck_json_string_stop(const uint8_t *text, size_t from);

/// What ck_json_string_stop does where there is no SIMD for it.
size_t ck_json_string_stop_portable(const uint8_t *text, size_t from);
