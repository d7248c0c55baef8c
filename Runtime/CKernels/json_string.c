#include "include/json_string.h"

#include <stdbool.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// The length of the run of bytes at `text` that need no second look: not '"', not '\', 0x20 to 0x7F.
static inline size_t plain_run(const uint8_t *text, size_t available) {
    size_t at = 0;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
    for (; available - at >= 16; at += 16) {
        __m128i in = _mm_loadu_si128((const __m128i *)(text + at));
        // As signed bytes, everything outside ASCII is below the space, as the control characters are.
        __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(in, quote), _mm_cmpeq_epi8(in, backslash)), _mm_cmplt_epi8(in, space));
        int mask = _mm_movemask_epi8(special);
        if (mask != 0) return at + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (at < available && text[at] != '"' && text[at] != '\\' && text[at] >= 0x20 && text[at] < 0x80) at++;
    return at;
}

static inline bool is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/// The length of the UTF-8 sequence of more than one byte at `text`; 0 if it is not one (Unicode 16, table 3-7).
static size_t utf8_sequence(const uint8_t *text, size_t available) {
    uint8_t first = text[0];
    if (first >= 0xC2 && first <= 0xDF) return available >= 2 && is_continuation(text[1]) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (available < 3 || !is_continuation(text[1]) || !is_continuation(text[2])) return 0;
        bool is_overlong = first == 0xE0 && text[1] < 0xA0, is_surrogate = first == 0xED && text[1] > 0x9F;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (available < 4 || !is_continuation(text[1]) || !is_continuation(text[2]) || !is_continuation(text[3])) return 0;
        bool is_overlong = first == 0xF0 && text[1] < 0x90, is_beyond = first == 0xF4 && text[1] > 0x8F;
        return is_overlong || is_beyond ? 0 : 4;
    }
    return 0;
}

/// The UTF-16 code unit of the escape `\u....` at `text`; -1 if it is not one.
static int escaped_unit(const uint8_t *text, size_t available) {
    if (available < 6 || text[0] != '\\' || text[1] != 'u') return -1;
    int unit = 0;
    for (size_t at = 2; at < 6; at++) {
        uint8_t byte = text[at], lower = byte | 0x20;
        if (byte >= '0' && byte <= '9') unit = unit << 4 | (byte - '0');
        else if (lower >= 'a' && lower <= 'f') unit = unit << 4 | (lower - 'a' + 10);
        else return -1;
    }
    return unit;
}

/// The length of the escape, or of the two that are a surrogate pair, at `text`, which begins with a backslash; 0 if it is
/// not an escape, or half of a pair.
static size_t escape(const uint8_t *text, size_t available) {
    if (available < 2) return 0;
    if (text[1] != 'u') return text[1] != 0 && strchr("\"\\/bfnrt", text[1]) != NULL ? 2 : 0;
    int unit = escaped_unit(text, available);
    if (unit < 0) return 0;
    if ((unit & 0xF800) != 0xD800) return 6;
    if (unit >= 0xDC00) return 0;
    int low = escaped_unit(text + 6, available - 6);
    return low >= 0 && (low & 0xFC00) == 0xDC00 ? 12 : 0;
}

ck_json_string ck_json_scan_string(const uint8_t *text, size_t available) {
    ck_json_outcome outcome = CK_JSON_PLAIN;
    size_t at = 0;
    while (true) {
        at += plain_run(text + at, available - at);
        if (at == available) return (ck_json_string){at, CK_JSON_UNENDED};
        if (text[at] == '"') return (ck_json_string){at, outcome};
        size_t length;
        if (text[at] == '\\') {
            length = escape(text + at, available - at);
            outcome = CK_JSON_ESCAPED;
        } else {
            length = utf8_sequence(text + at, available - at);
        }
        if (length == 0) return (ck_json_string){at, CK_JSON_FAULTY};
        at += length;
    }
}
