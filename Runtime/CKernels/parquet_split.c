#include "parquet_kernels.h"

// BYTE_STREAM_SPLIT: byte k of every value goes to stream k.
// https://github.com/apache/parquet-format/blob/master/Encodings.md#byte-stream-split-byte_stream_split--9

// With the width known, the compiler turns a tile into loads, shuffles and whole stores.
static inline void split(const uint8_t *values, size_t count, size_t width, uint8_t *out) {
    enum { tile = 64 };
    size_t first = 0;
    for (; first + tile <= count; first += tile)
        for (size_t k = 0; k < width; k++)
            for (size_t i = 0; i < tile; i++) out[k * count + first + i] = values[(first + i) * width + k];
    for (size_t k = 0; k < width; k++)
        for (size_t i = first; i < count; i++) out[k * count + i] = values[i * width + k];
}

void parquet_split_streams(const uint8_t *restrict values, size_t count, size_t width, uint8_t *restrict out) {
    if (width == 4) split(values, count, 4, out);
    else split(values, count, 8, out);
}
