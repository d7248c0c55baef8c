#include "automaton.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t ck_first_unaccepted_portable(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count) {
    for (size_t i = first; i < count; i++) {
        unsigned state = automaton->start;
        for (size_t at = offsets[i]; at < offsets[i + 1]; at++) {
            state = automaton->next[automaton->classes[bytes[at]] * (size_t)ck_automaton_states + state];
        }
        if (!(automaton->accepting >> state & 1)) return i;
    }
    return count;
}

#if defined(__x86_64__)

// A byte's next states fill one register, and the state picks among them: one shuffle a byte. Texts stand end to end, so they
// are read as one, without a jump at the end of each, whose place the processor would guess wrong. There the byte has another
// register, which leads from states in which a text may end to the start, and from all others to the unknown one, for good.
enum { block_bytes = 4096, first_block_texts = 8, parts = 5, text_end = 1 << 12 };

typedef struct {
    /// By the byte, and 256 behind that by a text's last byte.
    __m128i next[512];
} shuffle_table;

__attribute__((target("ssse3"))) static void fill_table(shuffle_table *table, const ck_automaton *automaton) {
    uint8_t ends[ck_automaton_states];
    for (unsigned state = 0; state < ck_automaton_states; state++) {
        ends[state] = automaton->accepting >> state & 1 ? automaton->start : ck_automaton_unknown;
    }
    const __m128i end = _mm_loadu_si128((const __m128i *)ends);
    for (unsigned byte = 0; byte < 256; byte++) {
        table->next[byte] = _mm_loadu_si128((const __m128i *)automaton->next + automaton->classes[byte]);
        table->next[256 + byte] = _mm_shuffle_epi8(end, table->next[byte]);
    }
}

/// Where in a table the next states of each byte are.
__attribute__((target("ssse3"))) static void find_places(const uint8_t *bytes, size_t count, uint16_t *places) {
    const __m128i zero = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i sixteen = _mm_loadu_si128((const __m128i *)(bytes + i));
        _mm_storeu_si128((__m128i *)(places + i), _mm_slli_epi16(_mm_unpacklo_epi8(sixteen, zero), 4));
        _mm_storeu_si128((__m128i *)(places + i + 8), _mm_slli_epi16(_mm_unpackhi_epi8(sixteen, zero), 4));
    }
    for (; i < count; i++) places[i] = (uint16_t)(bytes[i] << 4);
}

/// Whether all texts from `first` to `last` are accepted, which have at most block_bytes bytes in all.
__attribute__((target("ssse3"))) static bool are_accepted(
    const shuffle_table *table, const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first,
    size_t last) {
    // An empty text ends where the one before it does, and the first of all nowhere that counts.
    uint16_t room[1 + block_bytes], *places = room + 1;
    room[0] = 0;
    const uint32_t start = offsets[first], count = offsets[last] - start;
    find_places(bytes + start, count, places);
    // Five parts of about as many bytes each are read side by side, since a shuffle must wait for the one before it.
    uint32_t part_ends[parts];
    unsigned part = 0;
    bool has_empty = false;
    for (size_t i = first; i < last; i++) {
        uint32_t end = offsets[i + 1] - start;
        has_empty |= offsets[i + 1] == offsets[i];
        places[(ptrdiff_t)end - 1] |= text_end;
        while (part < parts && end * parts >= count * (part + 1)) part_ends[part++] = end;
    }
    if (has_empty && !(automaton->accepting >> automaton->start & 1)) return false;
    const uint8_t *next = (const uint8_t *)table->next;
    const uint16_t *place[parts];
    __m128i state[parts];
    uint32_t shortest = UINT32_MAX;
    for (part = 0; part < parts; part++) {
        uint32_t from = part ? part_ends[part - 1] : 0;
        place[part] = places + from;
        state[part] = _mm_set1_epi8((char)automaton->start);
        if (part_ends[part] - from < shortest) shortest = part_ends[part] - from;
    }
    for (uint32_t i = 0; i < shortest; i++) {
        _Pragma("clang loop unroll(full)") for (unsigned k = 0; k < parts; k++) {
            state[k] = _mm_shuffle_epi8(_mm_load_si128((const __m128i *)(next + place[k][i])), state[k]);
        }
    }
    bool accepted = true;
    for (part = 0; part < parts; part++) {
        for (const uint16_t *rest = place[part] + shortest; rest < places + part_ends[part]; rest++) {
            state[part] = _mm_shuffle_epi8(_mm_load_si128((const __m128i *)(next + *rest)), state[part]);
        }
        accepted &= (_mm_cvtsi128_si32(state[part]) & 0xF) == automaton->start;
    }
    return accepted;
}

__attribute__((target("ssse3"))) static size_t first_unaccepted_ssse3(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count) {
    shuffle_table table;
    fill_table(&table, automaton);
    // Blocks grow as long as all is well, and shrink towards a text that is not accepted, so little is read twice.
    size_t texts = first_block_texts;
    while (first < count) {
        size_t last = texts < count - first ? first + texts : count;
        while (last > first && offsets[last] - offsets[first] > block_bytes) last = first + (last - first) / 2;
        if (last > first && are_accepted(&table, automaton, bytes, offsets, first, last)) {
            if (last == first + texts) texts *= 2;
            first = last;
        } else if (last - first > parts) {
            texts = (last - first) / 4;
        } else {
            if (last == first) last++;
            size_t found = ck_first_unaccepted_portable(automaton, bytes, offsets, first, last);
            if (found < last) return found;
            first = last;
        }
    }
    return count;
}

#endif

size_t ck_first_unaccepted(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) return first_unaccepted_ssse3(automaton, bytes, offsets, first, count);
#endif
    return ck_first_unaccepted_portable(automaton, bytes, offsets, first, count);
}
