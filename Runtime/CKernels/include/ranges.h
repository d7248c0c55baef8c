#pragma once
#include <stddef.h>
#include <stdint.h>

// The least and the greatest of many numbers (`count` must not be zero).

void ck_range_i32(const int32_t *values, size_t count, int32_t *least, int32_t *greatest);
void ck_range_i64(const int64_t *values, size_t count, int64_t *least, int64_t *greatest);
void ck_range_u32(const uint32_t *values, size_t count, uint32_t *least, uint32_t *greatest);
void ck_range_u64(const uint64_t *values, size_t count, uint64_t *least, uint64_t *greatest);
/// NaN does not count. Returns how many values are not NaN; with none there are no bounds.
size_t ck_range_float(const float *values, size_t count, float *least, float *greatest);
size_t ck_range_double(const double *values, size_t count, double *least, double *greatest);
