#pragma once
#include <sys/types.h>

/// Lets the disk begin with `count` bytes at `offset` that were written to the file, and does not wait for it; without any
/// promise, which is `fsync`'s. Does nothing where the system has no call for that.
/// See <https://man7.org/linux/man-pages/man2/sync_file_range.2.html>
void ck_start_writeback(int descriptor, off_t offset, off_t count);
