#pragma once
// Digits to numbers, eight at a time in one register.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load8(const uint8_t *text) {
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HAS_SWAR 1
#else
#define HAS_SWAR 0
#endif

static inline bool are_digits(uint64_t word) {
    return (((word + 0x4646464646464646u) | (word - 0x3030303030303030u)) & 0x8080808080808080u) == 0;
}

// Eight digits at once: pairs, then fours, then all.
static inline uint64_t parse8(uint64_t word) {
    word -= 0x3030303030303030u;
    word = word * 10 + (word >> 8);
    return (((word & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >> 32;
}

// The eight bytes before `end` with the bytes before the number, which the load takes along, as leading zeros.
static inline uint64_t load_digits(const uint8_t *end, size_t length) {
    unsigned other = 8 * (8 - (unsigned)length);
    uint64_t word = load8(end - 8) >> other << other;
    return word | (other == 0 ? 0 : 0x3030303030303030u >> (64 - other));
}

// The number in the 1 to 18 digits before `end`; false if one is no digit.
static inline bool parse_digits(const uint8_t *end, size_t length, uint64_t *value) {
    uint64_t result = 0;
    if (HAS_SWAR) {
        uint64_t scale = 1;
        while (length > 8) {
            uint64_t word = load8(end - 8);
            if (!are_digits(word)) return false;
            result += parse8(word) * scale;
            scale *= 100000000;
            end -= 8;
            length -= 8;
        }
        uint64_t word = load_digits(end, length);
        if (!are_digits(word)) return false;
        *value = result + parse8(word) * scale;
        return true;
    }
    for (const uint8_t *digit = end - length; digit < end; digit++) {
        if (*digit < '0' || *digit > '9') return false;
        result = result * 10 + (*digit - '0');
    }
    *value = result;
    return true;
}
