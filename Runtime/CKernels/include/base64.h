#pragma once
#include <stddef.h>
#include <stdint.h>

/// Decodes padded base64 text without spaces or line breaks, in the standard alphabet.
///
/// `out` must have room for `length / 4 * 3` bytes; bytes behind the result may be overwritten up to there, none beyond.
/// Returns the number of bytes, or -1 if the text is anything else.
ptrdiff_t ck_base64_decode(const uint8_t *text, size_t length, uint8_t *out);

/// Encodes `length` bytes as padded base64; `out` must have room for `(length + 2) / 3 * 4` bytes. Returns that number.
size_t ck_base64_encode(const uint8_t *bytes, size_t length, uint8_t *out);
