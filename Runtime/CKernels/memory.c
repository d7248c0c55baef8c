#include "include/memory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

void ck_keep_freed_memory(void) {
#if defined(M_TRIM_THRESHOLD) && defined(M_MMAP_THRESHOLD)
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
#endif
}
