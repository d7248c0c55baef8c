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

static inline uint64_t load_u32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, 4);
    return value;
}

static inline uint64_t mix(uint64_t left, uint64_t right) {
    unsigned __int128 product = (unsigned __int128)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/// Multiply-and-fold over 16 bytes at a time; never reads outside the value.
static inline uint64_t hash_bytes(const uint8_t *bytes, size_t length) {
    const uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD6E8FEB86659FD93ull;
    uint64_t hash = k0 ^ length;
    uint64_t head, tail;
    while (length > 16) {
        hash = mix(load_u64(bytes) ^ k1, load_u64(bytes + 8) ^ hash);
        bytes += 16;
        length -= 16;
    }
    if (length >= 8) {
        head = load_u64(bytes);
        tail = load_u64(bytes + length - 8);
    } else if (length >= 4) {
        head = load_u32(bytes);
        tail = load_u32(bytes + length - 4);
    } else if (length) {
        head = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
        tail = 0;
    } else {
        head = tail = 0;
    }
    return mix(mix(head ^ k1, tail ^ hash), k0);
}

/// Most texts are short: without a call, two loads that may overlap compare the last sixteen bytes.
static inline bool same_bytes(const uint8_t *left, const uint8_t *right, size_t length) {
    for (; length > 16; left += 16, right += 16, length -= 16) {
        if ((load_u64(left) ^ load_u64(right)) | (load_u64(left + 8) ^ load_u64(right + 8))) return false;
    }
    if (length >= 8) {
        return ((load_u64(left) ^ load_u64(right)) |
                (load_u64(left + length - 8) ^ load_u64(right + length - 8))) == 0;
    }
    if (length >= 4) {
        return ((load_u32(left) ^ load_u32(right)) |
                (load_u32(left + length - 4) ^ load_u32(right + length - 4))) == 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) return false;
    }
    return true;
}

// Values whose places in the table are fetched together, and the size of table from which on that pays.
enum { looked_up_at_once = 16, prefetched_slot_bits = 15 };

/// Asks for the memory that looking up the values from `from` on will need, before the first of them is looked up: a table
/// of many keys is not in the nearest caches. Leaves the values' hashes.
static inline void prefetch_keys(const uint8_t *bytes, const uint32_t *offsets, size_t from, size_t count,
                                 const parquet_byte_dictionary *dictionary, uint64_t *hashes) {
    uint32_t codes[looked_up_at_once];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_bytes(bytes + offsets[from + i], offsets[from + i + 1] - offsets[from + i]);
        __builtin_prefetch(dictionary->slots + slot_of(hashes[i], dictionary->slot_bits));
    }
    for (size_t i = 0; i < count; i++) {
        codes[i] = (uint32_t)dictionary->slots[slot_of(hashes[i], dictionary->slot_bits)];
        __builtin_prefetch(dictionary->key_offsets + codes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (codes[i] != 0) __builtin_prefetch(dictionary->key_bytes + dictionary->key_offsets[codes[i] - 1]);
    }
}

size_t parquet_dictionary_bytes(const uint8_t *bytes, const uint32_t *offsets, size_t count,
                                parquet_byte_dictionary *dictionary, uint32_t *codes) {
    uint64_t *slots = dictionary->slots;
    size_t mask = ((size_t)1 << dictionary->slot_bits) - 1;
    uint64_t hashes[looked_up_at_once];
    size_t first = 0, hashed = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *value = bytes + offsets[i];
        uint32_t length = offsets[i + 1] - offsets[i];
        // Columns that hardly ever change, as kinds of operation, need no look-up.
        if (i > 0 && offsets[i] - offsets[i - 1] == length && same_bytes(value - length, value, length)) {
            codes[i] = codes[i - 1];
            continue;
        }
        uint64_t hash;
        if (dictionary->slot_bits < prefetched_slot_bits) {
            hash = hash_bytes(value, length);
        } else {
            if (i >= hashed) {
                first = i;
                hashed = i + (count - i < looked_up_at_once ? count - i : looked_up_at_once);
                prefetch_keys(bytes, offsets, i, hashed - i, dictionary, hashes);
            }
            hash = hashes[i - first];
        }
        size_t slot = slot_of(hash, dictionary->slot_bits);
        // The slot takes the hash's upper bits, so the tag keeps its lower ones: together they tell keys apart.
        uint64_t tag = hash << 32;
        for (;; slot = (slot + 1) & mask) {
            uint64_t held = slots[slot];
            if (!(uint32_t)held) {
                uint32_t used = dictionary->key_offsets[dictionary->key_count];
                if (dictionary->key_count == dictionary->key_limit || dictionary->key_bytes_limit - used < length)
                    return i;
                if (length) memcpy(dictionary->key_bytes + used, value, length);
                dictionary->key_offsets[++dictionary->key_count] = used + length;
                slots[slot] = tag | dictionary->key_count;
                codes[i] = dictionary->key_count - 1;
                break;
            }
            if ((held ^ tag) >> 32) continue;
            const uint32_t *key = dictionary->key_offsets + (uint32_t)held - 1;
            if (key[1] - key[0] == length && same_bytes(dictionary->key_bytes + key[0], value, length)) {
                codes[i] = (uint32_t)held - 1;
                break;
            }
        }
    }
    return count;
}

void parquet_dictionary_rehash_bytes(parquet_byte_dictionary *dictionary) {
    size_t mask = ((size_t)1 << dictionary->slot_bits) - 1;
    for (uint32_t code = 0; code < dictionary->key_count; code++) {
        const uint32_t *key = dictionary->key_offsets + code;
        uint64_t hash = hash_bytes(dictionary->key_bytes + key[0], key[1] - key[0]);
        size_t slot = slot_of(hash, dictionary->slot_bits);
        while ((uint32_t)dictionary->slots[slot]) slot = (slot + 1) & mask;
        dictionary->slots[slot] = hash << 32 | (code + 1);
    }
}
