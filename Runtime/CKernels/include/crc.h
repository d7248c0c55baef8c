#pragma once
#include <stddef.h>
#include <stdint.h>

/// A reflected cyclic redundancy check of 32 or 64 bits: its tables, and the powers by which blocks are folded.
typedef struct ck_crc ck_crc;

/// Computes the tables. `reflected` is the polynomial, the coefficient of x^0 in the highest of `width` bits. Never freed;
/// any number of threads may use it. Null where no memory is left.
const ck_crc *ck_crc_make(uint64_t reflected, unsigned width);

/// Continues `remainder`, which is not inverted at the start or the end, over `count` bytes.
uint64_t ck_crc_update(const ck_crc *kernel, uint64_t remainder, const uint8_t *bytes, size_t count);
