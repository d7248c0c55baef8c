#include "parquet_kernels.h"
#include <stdbool.h>
#include <string.h>

// Dictionaries built while values stream by: open addressing, linear probing, at most half full.

static inline size_t slot_of(uint64_t hash, unsigned slot_bits) { return (size_t)(hash >> (64 - slot_bits)); }

static inline uint64_t hash_number(uint64_t value) { return (value ^ value >> 32) * 0x9E3779B97F4A7C15ull; }

#define NUMBER_DICTIONARY(TYPE, LOOK_UP, REHASH)                                                                       \
    size_t LOOK_UP(const TYPE *values, size_t count, uint32_t *slots, unsigned slot_bits, TYPE *keys,                  \
                   uint32_t *key_count, uint32_t key_limit, uint32_t *codes) {                                         \
        size_t mask = ((size_t)1 << slot_bits) - 1;                                                                    \
        uint32_t known = *key_count;                                                                                   \
        size_t i = 0;                                                                                                  \
        for (; i < count; i++) {                                                                                       \
            TYPE value = values[i];                                                                                    \
            size_t slot = slot_of(hash_number(value), slot_bits);                                                      \
            while (slots[slot] && keys[slots[slot] - 1] != value) slot = (slot + 1) & mask;                            \
            if (!slots[slot]) {                                                                                        \
                if (known == key_limit) break;                                                                         \
                keys[known++] = value;                                                                                 \
                slots[slot] = known;                                                                                   \
            }                                                                                                          \
            codes[i] = slots[slot] - 1;                                                                                \
        }                                                                                                              \
        *key_count = known;                                                                                            \
        return i;                                                                                                      \
    }                                                                                                                  \
    void REHASH(uint32_t *slots, unsigned slot_bits, const TYPE *keys, uint32_t key_count) {                           \
        size_t mask = ((size_t)1 << slot_bits) - 1;                                                                    \
        for (uint32_t code = 0; code < key_count; code++) {                                                            \
            size_t slot = slot_of(hash_number(keys[code]), slot_bits);                                                 \
            while (slots[slot]) slot = (slot + 1) & mask;                                                              \
            slots[slot] = code + 1;                                                                                    \
        }                                                                                                              \
    }

NUMBER_DICTIONARY(uint32_t, parquet_dictionary_u32, parquet_dictionary_rehash_u32)
NUMBER_DICTIONARY(uint64_t, parquet_dictionary_u64, parquet_dictionary_rehash_u64)

static inline uint64_t load_u64(const uint8_t *bytes) {
    uint64_t value;
    memcpy(&value, bytes, 8);
    return value;
}

static inline uint64_t mix(uint64_t left, uint64_t right) {
    unsigned __int128 product = (unsigned __int128)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Most texts are short. They are hashed and compared as four words with zeros behind the text: the same few steps whatever
// its length, so that there is no jump on a length that the processor guesses wrong.
enum { short_length = parquet_key_padding };

typedef struct {
    uint64_t words[short_length / 8];
} short_text;

/// From the end back, bytes that are kept, then those that are cleared.
static const uint8_t short_masks[2 * short_length] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

/// Reads the words that a text may take, if they stand before `end`, else the text's bytes alone.
/// - `words`: known when this is compiled; those behind them are zero.
static inline short_text load_short(const uint8_t *bytes, uint32_t length, const uint8_t *end, size_t words) {
    short_text text = {{0}};
    if (end - bytes < (ptrdiff_t)(8 * words)) {
        for (uint32_t i = 0; i < length; i++) text.words[i / 8] |= (uint64_t)bytes[i] << 8 * (i % 8);
        return text;
    }
    for (size_t word = 0; word < words; word++) {
        text.words[word] = load_u64(bytes + 8 * word) & load_u64(short_masks + short_length - length + 8 * word);
    }
    return text;
}

static inline bool same_short(const short_text *left, const short_text *right, size_t words) {
    uint64_t difference = 0;
    for (size_t word = 0; word < words; word++) difference |= left->words[word] ^ right->words[word];
    return difference == 0;
}

static inline uint64_t hash_short(const short_text *text, uint32_t length) {
    uint64_t front = mix(text->words[0] ^ 0xD6E8FEB86659FD93ull, text->words[1] ^ 0x9E3779B97F4A7C15ull ^ length);
    uint64_t back = mix(text->words[2] ^ 0xA0761D6478BD642Full, text->words[3] ^ 0xE7037ED1A0B428DBull);
    return mix(front ^ back, 0x8EBC6AF09C88C6E3ull);
}

/// Multiply-and-fold over 16 bytes at a time, the last 16 perhaps twice; for more than `short_length`.
static inline uint64_t hash_long(const uint8_t *bytes, uint32_t length) {
    const uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD6E8FEB86659FD93ull;
    const uint8_t *last = bytes + length - 16;
    uint64_t hash = k0 ^ length;
    for (; bytes < last; bytes += 16) hash = mix(load_u64(bytes) ^ k1, load_u64(bytes + 8) ^ hash);
    return mix(mix(load_u64(last) ^ k1, load_u64(last + 8) ^ hash), k0);
}

/// Leaves the text in `text` if it is short.
static inline uint64_t hash_bytes(const uint8_t *bytes, uint32_t length, const uint8_t *end, short_text *text) {
    if (length > short_length) return hash_long(bytes, length);
    *text = load_short(bytes, length, end, short_length / 8);
    return hash_short(text, length);
}

// A slot holds a code + 1 below some bits of the key's hash, which tell most other keys apart without a look at them. The slot's
// place is taken from the hash's upper bits, so these are its lower ones.
enum { code_mask = (1 << parquet_code_bits) - 1 };

static inline uint32_t tag_of(uint64_t hash) { return (uint32_t)hash << parquet_code_bits; }

// Values whose places in the table are fetched together, and the size of table from which on that pays.
enum { looked_up_at_once = 16, prefetched_slot_bits = 15 };

/// Asks for the memory that looking up the values from `from` on will need, before the first of them is looked up: a table
/// of many keys is not in the nearest caches. Leaves the values' hashes, and the short ones themselves.
static inline void prefetch_keys(const uint8_t *bytes, const uint32_t *offsets, const uint8_t *end, size_t from,
                                 size_t count, const parquet_byte_dictionary *dictionary, uint64_t *hashes,
                                 short_text *texts) {
    uint32_t codes[looked_up_at_once];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_bytes(bytes + offsets[from + i], offsets[from + i + 1] - offsets[from + i], end, &texts[i]);
        __builtin_prefetch(dictionary->slots + slot_of(hashes[i], dictionary->slot_bits));
    }
    for (size_t i = 0; i < count; i++) {
        codes[i] = dictionary->slots[slot_of(hashes[i], dictionary->slot_bits)] & code_mask;
        __builtin_prefetch(dictionary->key_offsets + codes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (codes[i] != 0) __builtin_prefetch(dictionary->key_bytes + dictionary->key_offsets[codes[i] - 1]);
    }
}

/// - `words`: how many the texts take at most, known when this is compiled; longer ones are allowed where it is four.
static inline __attribute__((always_inline)) size_t look_up(
    const uint8_t *bytes, const uint32_t *offsets, size_t count, parquet_byte_dictionary *dictionary, uint32_t *codes,
    size_t words) {
    uint32_t *slots = dictionary->slots;
    size_t mask = ((size_t)1 << dictionary->slot_bits) - 1;
    const uint8_t *end = bytes + offsets[count];
    const uint8_t *keys_end = dictionary->key_bytes + dictionary->key_bytes_limit + parquet_key_padding;
    bool is_large = dictionary->slot_bits >= prefetched_slot_bits;
    uint64_t hashes[looked_up_at_once];
    short_text texts[looked_up_at_once];
    size_t first = 0, hashed = 0;
    short_text text = {{0}}, last_text = text;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *value = bytes + offsets[i];
        uint32_t length = offsets[i + 1] - offsets[i];
        bool is_short = words < short_length / 8 || length <= short_length;
        if (is_large && i >= hashed) {
            first = i;
            hashed = i + (count - i < looked_up_at_once ? count - i : looked_up_at_once);
            prefetch_keys(bytes, offsets, end, i, hashed - i, dictionary, hashes, texts);
        }
        if (is_short) text = is_large ? texts[i - first] : load_short(value, length, end, words);
        // Columns that hardly ever change, as kinds of operation, need no look-up.
        if (i > 0 && offsets[i] - offsets[i - 1] == length &&
            (is_short ? same_short(&text, &last_text, words) : memcmp(value - length, value, length) == 0)) {
            codes[i] = codes[i - 1];
            continue;
        }
        last_text = text;
        uint64_t hash;
        if (is_large) hash = hashes[i - first];
        else hash = is_short ? hash_short(&text, length) : hash_long(value, length);
        size_t slot = slot_of(hash, dictionary->slot_bits);
        uint32_t tag = tag_of(hash);
        for (;; slot = (slot + 1) & mask) {
            uint32_t held = slots[slot];
            if (!held) {
                uint32_t used = dictionary->key_offsets[dictionary->key_count];
                if (dictionary->key_count == dictionary->key_limit || dictionary->key_bytes_limit - used < length)
                    return i;
                if (is_short) __builtin_memcpy_inline(dictionary->key_bytes + used, &text, short_length);
                else memcpy(dictionary->key_bytes + used, value, length);
                dictionary->key_offsets[++dictionary->key_count] = used + length;
                slots[slot] = tag | dictionary->key_count;
                codes[i] = dictionary->key_count - 1;
                break;
            }
            if ((held ^ tag) >> parquet_code_bits) continue;
            const uint32_t *key = dictionary->key_offsets + (held & code_mask) - 1;
            if (key[1] - key[0] != length) continue;
            const uint8_t *key_bytes = dictionary->key_bytes + key[0];
            bool is_same;
            if (is_short) {
                short_text key_text = load_short(key_bytes, length, keys_end, words);
                is_same = same_short(&key_text, &text, words);
            } else {
                is_same = memcmp(key_bytes, value, length) == 0;
            }
            if (is_same) {
                codes[i] = (held & code_mask) - 1;
                break;
            }
        }
    }
    return count;
}

static uint32_t longest(const uint32_t *offsets, size_t count) {
    uint32_t length = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t this_length = offsets[i + 1] - offsets[i];
        if (this_length > length) length = this_length;
    }
    return length;
}

/// Whether the texts, each of `length` bytes at most, are all the same.
static bool are_alike(const uint8_t *bytes, const uint32_t *offsets, size_t count, uint32_t length) {
    if (offsets[count] - offsets[0] != (uint64_t)length * count) return false;
    // So all are of that length, and alike if what follows the first is what stands one text before it.
    const uint8_t *first = bytes + offsets[0];
    return memcmp(first, first + length, (size_t)length * (count - 1)) == 0;
}

size_t parquet_dictionary_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count,
                                parquet_byte_dictionary *dictionary, uint32_t *codes) {
    if (count == 0) return 0;
    uint32_t length = longest(offsets, count);
    if (count > 1 && are_alike(bytes, offsets, count, length)) {
        if (look_up(bytes, offsets, 1, dictionary, codes, short_length / 8) == 0) return 0;
        for (size_t i = 1; i < count; i++) codes[i] = codes[0];
        return count;
    }
    if (length <= 8) return look_up(bytes, offsets, count, dictionary, codes, 1);
    if (length <= 16) return look_up(bytes, offsets, count, dictionary, codes, 2);
    return look_up(bytes, offsets, count, dictionary, codes, short_length / 8);
}

void parquet_dictionary_rehash_bytes(parquet_byte_dictionary *dictionary) {
    size_t mask = ((size_t)1 << dictionary->slot_bits) - 1;
    const uint8_t *end = dictionary->key_bytes + dictionary->key_bytes_limit + parquet_key_padding;
    for (uint32_t code = 0; code < dictionary->key_count; code++) {
        const uint32_t *key = dictionary->key_offsets + code;
        short_text text;
        uint64_t hash = hash_bytes(dictionary->key_bytes + key[0], key[1] - key[0], end, &text);
        size_t slot = slot_of(hash, dictionary->slot_bits);
        while (dictionary->slots[slot]) slot = (slot + 1) & mask;
        dictionary->slots[slot] = tag_of(hash) | (code + 1);
    }
}
