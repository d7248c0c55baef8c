#define _GNU_SOURCE
#include "include/file.h"

#include <fcntl.h>

void ck_start_writeback(int descriptor, off_t offset, off_t count) {
#if defined(SYNC_FILE_RANGE_WRITE)
    sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
    (void)descriptor, (void)offset, (void)count;
#endif
}
