#include "csv_index.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// MARK: one row, byte by byte

enum { FIELD_START = 0, UNQUOTED = 1, QUOTED = CK_CSV_IN_QUOTES, QUOTE_IN_QUOTED = 3, ESCAPED = 4 };

// Takes one byte; true if it separates fields. The newline that does so ends the row.
static inline bool csv_step(int *state, uint8_t byte, ck_csv_dialect dialect) {
    if (dialect.has_escapes) {
        if (*state & ESCAPED) {
            *state &= ~ESCAPED;
            return false;
        }
        if (byte == '\\' && *state != QUOTE_IN_QUOTED) {
            *state = (*state == FIELD_START ? UNQUOTED : *state) | ESCAPED;
            return false;
        }
    }
    bool separates = byte == dialect.delimiter || byte == '\n';
    switch (*state) {
    case QUOTED:
        if (byte == '"') *state = QUOTE_IN_QUOTED;
        return false;
    case QUOTE_IN_QUOTED:
        // A second quote stands for one; anything but a separator is misplaced, and the field's reader says so.
        *state = byte == '"' ? QUOTED : separates ? FIELD_START : UNQUOTED;
        return separates;
    case FIELD_START:
        *state = byte == '"' ? QUOTED : separates ? FIELD_START : UNQUOTED;
        return separates;
    default:
        if (separates) *state = FIELD_START;
        return separates;
    }
}

bool ck_csv_index_row(const uint8_t *text, size_t from, size_t to, ck_csv_index *index, size_t *fields) {
    size_t first = index->separator_count;
    size_t last = index->separator_capacity - 1;
    ck_csv_dialect dialect = index->dialect;
    int state = FIELD_START;
    *fields = 0;
    for (size_t i = from; i < to; i++) {
        if (text[i] == '"' || (dialect.has_escapes && text[i] == '\\')) index->has_quotes = true;
        if (text[i] == '\r') index->has_returns = true;
        if (!csv_step(&state, text[i], dialect)) continue;
        *fields += 1;
        if (text[i] == '\n') {
            size_t place = first + *fields - 1 < last ? first + *fields - 1 : last;
            index->separators[place] = (uint32_t)i;
            index->row_ends[index->row_count++] = (uint32_t)place;
            index->separator_count = place + 1;
            return true;
        }
        if (first + *fields - 1 < last) index->separators[first + *fields - 1] = (uint32_t)i;
    }
    return false;
}

size_t ck_csv_skip_row(
    const uint8_t *text, size_t from, size_t to, ck_csv_dialect dialect, int *state, bool *ended) {
    for (size_t i = from; i < to; i++) {
        if (csv_step(state, text[i], dialect) && text[i] == '\n') {
            *ended = true;
            return i + 1;
        }
    }
    *ended = false;
    return to;
}

// MARK: many rows, 64 bytes at a time

// What 64 bytes hold, one bit a byte.
typedef struct {
    uint64_t delimiters, newlines, quotes, returns;
} csv_word;

// Each bit becomes the xor of itself and all lower bits: ones from every odd quote up to the next.
static inline uint64_t prefix_xor(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

typedef struct {
    uint64_t inside;        // all ones if the next byte is inside quotes
    uint64_t may_open;      // 1 if a quote may open in the next byte
    uint64_t must_separate; // 1 if the last byte closed a quoted field
} csv_carry;

// The separators of a word, or false if its quotes are not regular.
static inline bool csv_separators(csv_word word, csv_carry *carry, uint64_t *separators) {
    uint64_t either = word.delimiters | word.newlines;
    if (__builtin_expect((word.quotes | carry->inside | carry->must_separate) == 0, 1)) {
        *separators = either;
        carry->may_open = either >> 63;
        return true;
    }
    uint64_t inside = prefix_xor(word.quotes) ^ carry->inside;
    uint64_t outside = either & ~inside;
    uint64_t opening = word.quotes & inside;
    uint64_t closing = word.quotes & ~inside;
    // A quote opens at the start of a field, or again right after one that closed: the doubled quote.
    uint64_t may_open = (outside | closing) << 1 | carry->may_open;
    // After a closing quote comes a separator, a CRLF, or the second of a doubled quote.
    uint64_t may_follow = outside | word.quotes | word.returns;
    uint64_t must_separate = closing << 1 | carry->must_separate;
    if ((opening & ~may_open) != 0 || (must_separate & ~may_follow) != 0) return false;
    carry->inside = (uint64_t)((int64_t)inside >> 63);
    carry->may_open = (outside | closing) >> 63;
    carry->must_separate = closing >> 63;
    *separators = outside;
    return true;
}

static inline __attribute__((always_inline)) void csv_store(
    ck_csv_index *index, uint64_t separators, uint64_t newlines, size_t base) {
    uint32_t *out = index->separators + index->separator_count;
    uint64_t rows = separators & newlines;
    while (rows != 0) {
        uint64_t below = (rows & -rows) - 1;
        index->row_ends[index->row_count++] =
            (uint32_t)(index->separator_count + (size_t)__builtin_popcountll(separators & below));
        rows &= rows - 1;
    }
    size_t count = (size_t)__builtin_popcountll(separators);
    // Writing a fixed number of offsets without looking is cheaper than a loop whose end is a surprise each time.
    for (size_t at = 0; at < count; at += 8) {
        for (size_t i = 0; i < 8; i++) {
            out[at + i] = (uint32_t)base + (uint32_t)(separators != 0 ? __builtin_ctzll(separators) : 0);
            separators &= separators - 1;
        }
    }
    index->separator_count += count;
}

// One definition for every instruction set; `load` is the part that differs.
#define CSV_INDEX_ROWS(load)                                                                                           \
    uint8_t delimiter = index->dialect.delimiter;                                                                      \
    csv_carry carry = {0, 1, 0};                                                                                       \
    size_t complete = index->separator_count;                                                                          \
    for (size_t base = from; base < to; base += 64) {                                                                  \
        if (index->separator_count + 72 > index->separator_capacity) break;                                            \
        if (index->row_count + 64 > index->row_capacity) break;                                                        \
        csv_word word = load(text + base, delimiter);                                                                  \
        if (to - base < 64) {                                                                                          \
            uint64_t valid = ((uint64_t)1 << (to - base)) - 1;                                                         \
            word.delimiters &= valid;                                                                                  \
            word.newlines &= valid;                                                                                    \
            word.quotes &= valid;                                                                                      \
            word.returns &= valid;                                                                                     \
        }                                                                                                              \
        index->has_quotes |= word.quotes != 0;                                                                         \
        index->has_returns |= word.returns != 0;                                                                       \
        uint64_t separators;                                                                                           \
        if (!csv_separators(word, &carry, &separators)) break;                                                         \
        csv_store(index, separators, word.newlines, base);                                                             \
    }                                                                                                                  \
    /* Separators after the last complete row belong to a row that will be indexed again. */                           \
    if (index->row_count > 0) complete = (size_t)index->row_ends[index->row_count - 1] + 1;                            \
    index->separator_count = complete

static inline csv_word load_portable(const uint8_t *text, uint8_t delimiter) {
    csv_word word = {0, 0, 0, 0};
    for (int i = 0; i < 64; i++) {
        word.delimiters |= (uint64_t)(text[i] == delimiter) << i;
        word.newlines |= (uint64_t)(text[i] == '\n') << i;
        word.quotes |= (uint64_t)(text[i] == '"') << i;
        word.returns |= (uint64_t)(text[i] == '\r') << i;
    }
    return word;
}

void ck_csv_index_rows_portable(const uint8_t *text, size_t from, size_t to, ck_csv_index *index) {
    CSV_INDEX_ROWS(load_portable);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline uint64_t equal_avx2(__m256i low, __m256i high, uint8_t byte) {
    __m256i wanted = _mm256_set1_epi8((char)byte);
    uint32_t l = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t h = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)h << 32 | l;
}

__attribute__((target("avx2"))) static inline csv_word load_avx2(const uint8_t *text, uint8_t delimiter) {
    __m256i low = _mm256_loadu_si256((const __m256i *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(text + 32));
    csv_word word = {
        equal_avx2(low, high, delimiter), equal_avx2(low, high, '\n'), equal_avx2(low, high, '"'),
        equal_avx2(low, high, '\r')};
    return word;
}

__attribute__((target("avx2,bmi,bmi2,popcnt"))) static void index_rows_avx2(
    const uint8_t *text, size_t from, size_t to, ck_csv_index *index) {
    CSV_INDEX_ROWS(load_avx2);
}

#endif

// Rows of a text with escapes, one by one, as long as one more of any width has room.
static void index_escaped_rows(const uint8_t *text, size_t from, size_t to, ck_csv_index *index) {
    size_t fields;
    while (index->row_count < index->row_capacity && index->separator_capacity / 2 > index->separator_count) {
        if (!ck_csv_index_row(text, from, to, index, &fields)) return;
        from = (size_t)index->separators[index->separator_count - 1] + 1;
    }
}

void ck_csv_index_rows(const uint8_t *text, size_t from, size_t to, ck_csv_index *index) {
    if (index->dialect.has_escapes) {
        index_escaped_rows(text, from, to, index);
        return;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        index_rows_avx2(text, from, to, index);
        return;
    }
#endif
    ck_csv_index_rows_portable(text, from, to, index);
}

size_t ck_csv_regular_rows(const uint8_t *text, const ck_csv_index *index, size_t row, size_t rows, size_t fields) {
    // The offset before the first row stands in front of the separators.
    const uint32_t *ends = index->separators - 1;
    size_t last = row == 0 ? 0 : (size_t)index->row_ends[row - 1] + 1;
    for (; row < rows && index->row_ends[row] + 1 - last == fields; row++) {
        size_t next = (size_t)index->row_ends[row] + 1;
        if (index->has_returns && memchr(text + ends[last] + 1, '\r', ends[next] - ends[last] - 1) != NULL) break;
        last = next;
    }
    return row;
}
