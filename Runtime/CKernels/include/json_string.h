#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum {
    /// The string holds its text as it is.
    CK_JSON_PLAIN = 0,
    /// The string holds escapes.
    CK_JSON_ESCAPED = 1,
    /// A control character, an unknown escape, half of a surrogate pair, or bytes that are not UTF-8.
    CK_JSON_FAULTY = 2,
    /// No closing quote.
    CK_JSON_UNENDED = 3,
} ck_json_outcome;

typedef struct {
    /// The bytes before the closing quote, or before what is wrong.
    size_t length;
    ck_json_outcome outcome;
} ck_json_string;

/// Finds the end of the JSON string whose first byte after the opening quote is `text`, and checks all of it (RFC 8259).
ck_json_string ck_json_scan_string(const uint8_t *text, size_t available);
