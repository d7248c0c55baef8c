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

static inline bool begins_with(const uint8_t *text, const ck_json_literal *literal) {
    size_t length = literal->length;
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        if (load8(text + at) != load8(literal->bytes + at)) return false;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t rest = ((uint64_t)1 << 8 * (length - at)) - 1;
    return ((load8(text + at) ^ load8(literal->bytes + at)) & rest) == 0;
#else
    return memcmp(text + at, literal->bytes + at, length - at) == 0;
#endif
}

// The key that `text` begins with, looked for from the one that is expected; NULL if it is none of them.
static inline const ck_json_literal *find_key(const uint8_t *text, const ck_json_shape *shape, size_t *expected) {
    for (size_t tried = 0; tried < shape->key_count; tried++) {
        const ck_json_literal *key = &shape->keys[*expected];
        *expected = *expected + 1 == shape->key_count ? 0 : *expected + 1;
        if (begins_with(text, key)) return key;
    }
    return NULL;
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

// The end of the value at `at`, and what belongs into `befores` and `ends` for it; 0 if it is nested or unreadable.
static inline size_t read_value(const uint8_t *text, size_t at, uint32_t *before, uint32_t *end) {
    uint32_t careful = 0;
    size_t stop;
    if (text[at] == '"') {
        stop = string_end(text, at, &careful);
        if (stop == 0) return 0;
    } else {
        stop = scalar_stop(text, at);
        if (stop == at || text[at] == '{' || text[at] == '[') return 0;
        if (stop - at == 4 && memcmp(text + at, "null", 4) == 0) {
            *before = (uint32_t)stop - 1;
            *end = (uint32_t)stop;
            return stop;
        }
    }
    *before = (uint32_t)(at - 1) | careful;
    *end = (uint32_t)stop;
    return stop;
}

// The end of the object at `at`; 0 if it is not of this shape. `missing` has a bit for each field that it does not have.
static inline size_t read_object(
    const uint8_t *text, size_t at, const ck_json_shape *shape, uint32_t *befores, uint32_t *ends, uint64_t *missing) {
    if (!begins_with(text + at, &shape->opening)) return 0;
    at += shape->opening.length;
    for (size_t expected = 0;;) {
        const ck_json_literal *key = find_key(text + at, shape, &expected);
        if (key == NULL) return 0;
        uint64_t bit = (uint64_t)1 << (key->field & 63);
        if ((missing[key->field >> 6] & bit) == 0) return 0;
        missing[key->field >> 6] ^= bit;
        at = read_value(text, at + key->length, &befores[key->field], &ends[key->field]);
        if (at == 0) return 0;
        if (begins_with(text + at, &shape->separator)) {
            at += shape->separator.length;
        } else if (begins_with(text + at, &shape->closing)) {
            return at + shape->closing.length;
        } else {
            return 0;
        }
    }
}

size_t ck_json_read_rows(const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows) {
    size_t words = (rows->stride + 63) / 64;
    uint64_t missing[CK_JSON_FIELDS / 64];
    while (from < limit && rows->row_count < rows->row_capacity) {
        uint32_t *befores = rows->befores + rows->row_count * rows->stride;
        uint32_t *ends = rows->ends + rows->row_count * rows->stride;
        for (size_t i = 0; i < words; i++) missing[i] = ~(uint64_t)0;
        if (rows->stride & 63) missing[words - 1] = ((uint64_t)1 << (rows->stride & 63)) - 1;
        size_t end = read_object(text, from, shape, befores, ends, missing);
        if (end == 0) return from;
        size_t next = end + (text[end] == '\r');
        if (text[next] != '\n') return from;
        for (size_t i = 0; i < words; i++) {
            for (uint64_t left = missing[i]; left != 0; left &= left - 1) {
                size_t field = i * 64 + (size_t)__builtin_ctzll(left);
                befores[field] = (uint32_t)from - 1;
                ends[field] = (uint32_t)from;
            }
        }
        rows->row_before[rows->row_count] = (uint32_t)from - 1;
        rows->row_end[rows->row_count] = (uint32_t)end;
        rows->row_count++;
        from = next + 1;
    }
    return from;
}
