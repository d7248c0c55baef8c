#include "text_scan.h"

#include <string.h>

size_t ck_count_byte(const uint8_t *text, size_t length, uint8_t byte) {
    size_t count = 0;
    // 255 at most fit the byte-wide sums that the compiler keeps in vector registers.
    while (length > 0) {
        size_t block = length < 255 ? length : 255;
        uint8_t sum = 0;
        for (size_t i = 0; i < block; i++) sum += text[i] == byte;
        count += sum;
        text += block;
        length -= block;
    }
    return count;
}

size_t ck_ascii_prefix(const uint8_t *text, size_t length) {
    size_t at = 0;
    while (length - at >= 64) {
        uint64_t words[8];
        memcpy(words, text + at, sizeof words);
        uint64_t any = words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7];
        if (any & 0x8080808080808080u) return at;
        at += 64;
    }
    while (at < length && text[at] < 0x80) at++;
    return at;
}

size_t ck_utf8_prefix(const uint8_t *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        uint8_t first = text[at];
        if (first < 0x80) {
            size_t ascii = ck_ascii_prefix(text + at, length - at);
            at += ascii > 0 ? ascii : 1;
            continue;
        }
        size_t size;
        uint8_t low = 0x80, high = 0xBF;
        if (first >= 0xC2 && first <= 0xDF) {
            size = 2;
        } else if (first >= 0xE0 && first <= 0xEF) {
            size = 3;
            if (first == 0xE0) low = 0xA0;
            if (first == 0xED) high = 0x9F;
        } else if (first >= 0xF0 && first <= 0xF4) {
            size = 4;
            if (first == 0xF0) low = 0x90;
            if (first == 0xF4) high = 0x8F;
        } else {
            return at;
        }
        if (length - at < size || text[at + 1] < low || text[at + 1] > high) return at;
        for (size_t i = 2; i < size; i++) {
            if ((text[at + i] & 0xC0) != 0x80) return at;
        }
        at += size;
    }
    return length;
}
