#include "json_rows.h"

#include <string.h>

#include "fields.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__SSE2__)
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
        // Many values have four bytes and few are null: asked in this order, the answer is no surprise to the processor.
        if (memcmp(text + at, "null", 4) == 0 && stop - at == 4) {
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

static inline void set_missing(size_t from, uint32_t *befores, uint32_t *ends, size_t field) {
    befores[field] = (uint32_t)from - 1;
    ends[field] = (uint32_t)from;
}

// Adds the line from `from` to `end` if a newline is there; the offset of the next line, or 0.
static inline size_t add_row(const uint8_t *text, size_t from, size_t end, ck_json_rows *rows) {
    size_t next = end + (text[end] == '\r');
    if (text[next] != '\n') return 0;
    rows->row_before[rows->row_count] = (uint32_t)from - 1;
    rows->row_end[rows->row_count] = (uint32_t)end;
    rows->row_count++;
    return next + 1;
}

// Reads the line at `from`; the offset of the next, or 0 if it is not of this shape.
static size_t read_line(const uint8_t *text, size_t from, const ck_json_shape *shape, ck_json_rows *rows) {
    uint32_t *befores = rows->befores + rows->row_count * rows->stride;
    uint32_t *ends = rows->ends + rows->row_count * rows->stride;
    size_t words = (rows->stride + 63) / 64;
    uint64_t missing[CK_JSON_FIELDS / 64];
    for (size_t i = 0; i < words; i++) missing[i] = ~(uint64_t)0;
    if (rows->stride & 63) missing[words - 1] = ((uint64_t)1 << (rows->stride & 63)) - 1;
    size_t end = read_object(text, from, shape, befores, ends, missing);
    if (end == 0) return 0;
    for (size_t i = 0; i < words; i++) {
        rows->seen[i] |= ~missing[i];
        for (uint64_t left = missing[i]; left != 0; left &= left - 1) {
            set_missing(from, befores, ends, i * 64 + (size_t)__builtin_ctzll(left));
        }
    }
    return add_row(text, from, end, rows);
}

size_t ck_json_read_rows_portable(
    const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows) {
    while (from < limit && rows->row_count < rows->row_capacity) {
        size_t next = read_line(text, from, shape, rows);
        if (next == 0) return from;
        from = next;
    }
    return from;
}

// MARK: lines with exactly the members of the line that was learned from, in its order

#if defined(__x86_64__)

#define EACH_BYTE(byte) ((uint64_t)0x0101010101010101u * (byte))

// The high bit of each byte of `word` that is zero; bytes above the first of them may be marked wrongly.
static inline uint64_t zero_bytes(uint64_t word) { return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80); }

// The high bit of each byte of `word` that is below `limit`; bytes above the first of them may be marked wrongly.
static inline uint64_t bytes_below(uint64_t word, uint8_t limit) {
    return (word - EACH_BYTE(limit)) & ~word & EACH_BYTE(0x80);
}

// The end of the number or plain string at `at`, if it is followed by a comma and ends within 16 bytes; 0 for all else.
//
// Where the next value begins hangs on where this one ends, so what counts is how soon that is known: a word in a general
// register is searched in half the time that a vector needs.
static inline size_t short_value_end(const uint8_t *text, size_t at) {
    if (text[at] == '"') {
        uint64_t word = load8(text + at + 1);
        uint64_t stops = zero_bytes(word ^ EACH_BYTE('"'));
        uint64_t others = zero_bytes(word ^ EACH_BYTE('\\')) | bytes_below(word, 0x20);
        if (stops == 0 || (others & (stops - 1)) != 0) return 0;
        return at + 2 + (size_t)__builtin_ctzll(stops) / 8;
    }
    // What begins with a letter may be null, and braces and brackets are nested.
    if (text[at] > '9') return 0;
    size_t end = at;
    uint64_t stops = zero_bytes(load8(text + end) ^ EACH_BYTE(','));
    if (stops == 0) {
        end += 8;
        stops = zero_bytes(load8(text + end) ^ EACH_BYTE(','));
        if (stops == 0) return 0;
    }
    end += (size_t)__builtin_ctzll(stops) / 8;
    // Whether anything else ends it earlier is found out while what follows is read already.
    __m128i bytes = _mm_loadu_si128((const __m128i *)(text + at));
    __m128i others = _mm_or_si128(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('}')), _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes));
    unsigned before_end = (1u << (end - at)) - 1;
    return before_end == 0 || ((unsigned)_mm_movemask_epi8(others) & before_end) != 0 ? 0 : end;
}

// The end of the value behind the literal at `at`, as above; 0 if another literal stands there, or no value.
__attribute__((target("avx2,bmi2"))) static inline size_t read_member_avx2(
    const uint8_t *text, size_t at, const ck_json_literal *member, uint32_t *befores, uint32_t *ends) {
    __m256i equal = _mm256_cmpeq_epi8(
        _mm256_loadu_si256((const __m256i *)(text + at)), _mm256_loadu_si256((const __m256i *)member->bytes));
    if (_bzhi_u32(~(uint32_t)_mm256_movemask_epi8(equal), member->length) != 0) return 0;
    at += member->length;
    size_t end = short_value_end(text, at);
    if (__builtin_expect(end == 0, 0)) return read_value(text, at, &befores[member->field], &ends[member->field]);
    befores[member->field] = (uint32_t)at - 1;
    ends[member->field] = (uint32_t)end;
    return end;
}

__attribute__((target("avx2,bmi2"))) static size_t read_rows_avx2(
    const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows) {
    for (size_t i = 0; i < shape->member_count; i++) {
        uint32_t field = shape->members[i].field;
        rows->seen[field >> 6] |= (uint64_t)1 << (field & 63);
    }
    while (from < limit && rows->row_count < rows->row_capacity) {
        uint32_t *befores = rows->befores + rows->row_count * rows->stride;
        uint32_t *ends = rows->ends + rows->row_count * rows->stride;
        size_t at = from;
        for (size_t i = 0; i < shape->member_count && at != 0; i++) {
            at = read_member_avx2(text, at, &shape->members[i], befores, ends);
        }
        size_t next;
        if (at != 0 && begins_with(text + at, &shape->closing)) {
            for (size_t i = shape->member_count; i < shape->key_count; i++) {
                set_missing(from, befores, ends, shape->keys[i].field);
            }
            next = add_row(text, from, at + shape->closing.length, rows);
        } else {
            next = read_line(text, from, shape, rows);
        }
        if (next == 0) return from;
        from = next;
    }
    return from;
}

#endif

size_t ck_json_read_rows(const uint8_t *text, size_t from, size_t limit, const ck_json_shape *shape, ck_json_rows *rows) {
#if defined(__x86_64__)
    if (shape->member_count > 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return read_rows_avx2(text, from, limit, shape, rows);
    }
#endif
    return ck_json_read_rows_portable(text, from, limit, shape, rows);
}
