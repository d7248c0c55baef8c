#pragma once
#include <stddef.h>
#include <stdint.h>

/// States of an automaton, and one that stands for all others.
enum { ck_automaton_states = 16, ck_automaton_unknown = ck_automaton_states - 1 };

/// An automaton of few states over bytes.
typedef struct {
    /// The class of each byte.
    const uint8_t *classes;
    /// ck_automaton_states bytes for each class: the next state of each state. That of ck_automaton_unknown is itself.
    const uint8_t *next;
    uint8_t start;
    /// A bit for each state in which a text may end.
    uint16_t accepting;
} ck_automaton;

/// Reads text i, bytes[offsets[i] ..< offsets[i + 1]], for i from `first` on, until one does not end in an accepting state,
/// and returns its i; `count` if all do.
size_t ck_first_unaccepted(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count);

/// What ck_first_unaccepted does where there is no SIMD for it.
size_t ck_first_unaccepted_portable(
    const ck_automaton *automaton, const uint8_t *bytes, const uint32_t *offsets, size_t first, size_t count);
