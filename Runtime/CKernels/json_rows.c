#include "json_rows.h"

#include <string.h>

#include "fields.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

size_t ck_json_string_stop_portable(const uint8_t *text, size_t from) {
    while (text[from] != '"' && text[from] != '\\' && text[from] >= 0x20) from++;
    return from;
}

#if defined(__SSE2__)

// SSE2 is part of every x86-64, so these need no choice at run time.
static inline size_t string_stop(const uint8_t *text, size_t from) {
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    for (;; from += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + from));
        __m128i stops = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
        unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        if (mask != 0) return from + (size_t)__builtin_ctz(mask);
    }
}

static inline size_t scalar_stop(const uint8_t *text, size_t from) {
    const __m128i comma = _mm_set1_epi8(','), brace = _mm_set1_epi8('}'), space = _mm_set1_epi8(0x20);
    for (;; from += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + from));
        __m128i stops = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, brace)),
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes));
        unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        if (mask != 0) return from + (size_t)__builtin_ctz(mask);
    }
}

#else

static inline size_t string_stop(const uint8_t *text, size_t from) { return ck_json_string_stop_portable(text, from); }

static inline size_t scalar_stop(const uint8_t *text, size_t from) {
    while (text[from] != ',' && text[from] != '}' && text[from] > 0x20) from++;
    return from;
}

#endif

size_t ck_json_string_stop(const uint8_t *text, size_t from) { return string_stop(text, from); }

static inline uint64_t load8(const uint8_t *text) {
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

static inline bool begins_with(const uint8_t *text, const ck_json_part *part) {
    size_t length = part->length;
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        if (load8(text + at) != load8(part->bytes + at)) return false;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t rest = ((uint64_t)1 << 8 * (length - at)) - 1;
    return ((load8(text + at) ^ load8(part->bytes + at)) & rest) == 0;
#else
    return memcmp(text + at, part->bytes + at, length - at) == 0;
#endif
}

// The end of the string that opens at `at`; 0 if the line ends first. Sets `careful` if it has escapes.
static inline size_t string_end(const uint8_t *text, size_t at, uint32_t *careful) {
    for (size_t stop = at + 1;;) {
        stop = string_stop(text, stop);
        if (text[stop] == '"') return stop + 1;
        if (text[stop] != '\\' || text[stop + 1] < 0x20) return 0;
        *careful = CK_CAREFUL;
        stop += 2;
    }
}

size_t ck_json_read_rows(const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows) {
    size_t values = shape->part_count - 1;
    const ck_json_part *closing = shape->parts + values;
    while (from < limit && rows->row_count < rows->row_capacity) {
        uint32_t *befores = rows->befores + rows->row_count * rows->stride;
        uint32_t *ends = rows->ends + rows->row_count * rows->stride;
        size_t at = from;
        for (size_t i = 0; i < values; i++) {
            const ck_json_part *part = &shape->parts[i];
            if (!begins_with(text + at, part)) return from;
            at += part->length;
            size_t end;
            uint32_t careful = 0;
            if (text[at] == '"') {
                end = string_end(text, at, &careful);
                if (end == 0) return from;
            } else {
                end = scalar_stop(text, at);
                if (end == at || text[at] == '{' || text[at] == '[') return from;
                if (end - at == 4 && memcmp(text + at, "null", 4) == 0) {
                    befores[part->field] = (uint32_t)end - 1;
                    ends[part->field] = (uint32_t)end;
                    at = end;
                    continue;
                }
            }
            befores[part->field] = (uint32_t)(at - 1) | careful;
            ends[part->field] = (uint32_t)end;
            at = end;
        }
        if (!begins_with(text + at, closing)) return from;
        at += closing->length;
        size_t line_end = at;
        if (text[at] == '\r') at++;
        if (text[at] != '\n') return from;
        for (size_t i = 0; i < shape->absent_count; i++) {
            befores[shape->absent[i]] = (uint32_t)from - 1;
            ends[shape->absent[i]] = (uint32_t)from;
        }
        rows->row_before[rows->row_count] = (uint32_t)from - 1;
        rows->row_end[rows->row_count] = (uint32_t)line_end;
        rows->row_count++;
        from = at + 1;
    }
    return from;
}
