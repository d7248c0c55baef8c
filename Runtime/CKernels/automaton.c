#include "automaton.h"

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

// A class's next states fill one register, and the state picks among them. Which register it is does not depend on the state,
// so they are loaded ahead, and only the picking, one cycle, waits for the byte before.
__attribute__((target("ssse3"))) static size_t first_unaccepted_ssse3(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count) {
    const __m128i *next = (const __m128i *)automaton->next;
    const __m128i start = _mm_set1_epi8((char)automaton->start);
    size_t i = first;
    // Two texts side by side, as far as the shorter one goes: what is left of the other costs fewer steps.
    for (; i + 1 < count; i += 2) {
        const uint8_t *byte = bytes + offsets[i], *other_byte = bytes + offsets[i + 1];
        const uint8_t *end = other_byte, *other_end = bytes + offsets[i + 2];
        __m128i state = start, other = start;
        size_t both = end - byte < other_end - other_byte ? (size_t)(end - byte) : (size_t)(other_end - other_byte);
        for (size_t at = 0; at < both; at++) {
            state = _mm_shuffle_epi8(_mm_loadu_si128(next + automaton->classes[byte[at]]), state);
            other = _mm_shuffle_epi8(_mm_loadu_si128(next + automaton->classes[other_byte[at]]), other);
        }
        for (byte += both; byte < end; byte++) {
            state = _mm_shuffle_epi8(_mm_loadu_si128(next + automaton->classes[*byte]), state);
        }
        for (other_byte += both; other_byte < other_end; other_byte++) {
            other = _mm_shuffle_epi8(_mm_loadu_si128(next + automaton->classes[*other_byte]), other);
        }
        if (!(automaton->accepting >> (_mm_cvtsi128_si32(state) & 0xF) & 1)) return i;
        if (!(automaton->accepting >> (_mm_cvtsi128_si32(other) & 0xF) & 1)) return i + 1;
    }
    return i < count ? ck_first_unaccepted_portable(automaton, bytes, offsets, i, count) : count;
}

#endif

size_t ck_first_unaccepted(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) return first_unaccepted_ssse3(automaton, bytes, offsets, first, count);
#endif
    return ck_first_unaccepted_portable(automaton, bytes, offsets, first, count);
}
