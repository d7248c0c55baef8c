#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes around a text that a kernel may read.
#define CK_PADDING 64

/// How many bytes of `text` equal `byte`.
size_t ck_count_byte(const uint8_t *text, size_t length, uint8_t byte);

/// The number of leading bytes that are ASCII, rounded down to what was checked at once; `length` if all are.
size_t ck_ascii_prefix(const uint8_t *text, size_t length);

/// The offset of the first byte that is not part of well-formed UTF-8; `length` if there is none.
/// Well-formed as in Unicode's table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t ck_utf8_prefix(const uint8_t *text, size_t length);

/// What ck_utf8_prefix does where there is no SIMD for it.
size_t ck_utf8_prefix_portable(const uint8_t *text, size_t length);
