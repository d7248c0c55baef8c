#pragma once

/// Lets the allocator keep what is freed instead of giving it back to the system, and so fault it in again, each time.
/// For a process that needs the same large buffers over and over, and whose memory nobody else waits for.
void ck_keep_freed_memory(void);
