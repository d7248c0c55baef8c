#pragma once
#include <sqlite3.h>

// sqlite3_config takes arguments of any number, which Swift cannot pass. All of it comes before the first connection.

// The bytes that SQLite keeps with each page.
static inline int cupel_sqlite_page_header(void) {
    int size = 0;
    return sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &size) == SQLITE_OK ? size : 256;
}

// Memory for pages: `count` pieces of `size` bytes, for ever. Memory is no longer counted, which takes a lock of all threads.
static inline int cupel_sqlite_configure(void *memory, int size, int count) {
    int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return result == SQLITE_OK ? sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, size, count) : result;
}
