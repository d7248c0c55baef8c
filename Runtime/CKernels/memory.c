#include "include/memory.h"

#include <stdint.h>

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

void ck_keep_freed_memory(void) {
#if defined(M_TRIM_THRESHOLD) && defined(M_MMAP_THRESHOLD)
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
#endif
}

void ck_prepare_heap(size_t size, size_t mapped_size) {
#if defined(M_ARENA_MAX) && defined(M_TOP_PAD) && defined(MADV_HUGEPAGE)
    const uintptr_t huge_page = 2 << 20;
    mallopt(M_ARENA_MAX, 1);
    // 32 MiB is the largest threshold there is; beyond it nothing is mapped.
    if (mapped_size > (32 << 20)) mallopt(M_MMAP_MAX, 0);
    else mallopt(M_MMAP_THRESHOLD, (int)mapped_size);
    mallopt(M_TRIM_THRESHOLD, (int)size);

    uintptr_t start = (uintptr_t)sbrk(0);
    mallopt(M_TOP_PAD, (int)size);
    // More than the heap has at first, so it grows; volatile, or the compiler would see that nobody uses it.
    void *volatile growth = malloc(512 << 10);
    free(growth);
    uintptr_t end = (uintptr_t)sbrk(0);
    mallopt(M_TOP_PAD, 1 << 20);
    start = (start + huge_page - 1) & ~(huge_page - 1);
    end &= ~(huge_page - 1);
    // A wish: where it is not granted, memory comes in small pages as ever.
    if (start < end) madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)size;
    (void)mapped_size;
#endif
}
