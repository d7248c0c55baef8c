// What GCC's libraries of Debian 12 take from a C library that is newer than Amazon Linux's (glibc 2.34): two functions, here by
// older means. Hidden, so that each library has its own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/random.h>

#define HIDDEN __attribute__((visibility("hidden")))

// glibc 2.36; libstdc++ makes the numbers of std::random_device with it.
HIDDEN uint32_t arc4random(void) {
    uint32_t number;
    while (getentropy(&number, sizeof number) != 0) {
    }
    return number;
}

struct search {
    uintptr_t address;
    struct dl_find_object *result;
};

static int visit(struct dl_phdr_info *object, size_t size, void *context) {
    struct search *search = context;
    const ElfW(Phdr) *frames = NULL;
    uintptr_t start = UINTPTR_MAX, end = 0;
    int found = 0;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t first = object->dlpi_addr + part->p_vaddr, last = first + part->p_memsz;
        if (part->p_type == PT_GNU_EH_FRAME) frames = part;
        if (part->p_type != PT_LOAD) continue;
        if (first < start) start = first;
        if (last > end) end = last;
        if (search->address >= first && search->address < last) found = 1;
    }
    if (!found || !frames) return 0;
    search->result->dlfo_map_start = (void *)start;
    search->result->dlfo_map_end = (void *)end;
    search->result->dlfo_eh_frame = (void *)(object->dlpi_addr + frames->p_vaddr);
    return 1;
}

// glibc 2.35; libgcc_s finds with it how a function's frame is unwound when an exception passes.
HIDDEN int _dl_find_object(void *address, struct dl_find_object *result) {
    struct search search = {(uintptr_t)address, result};
    return dl_iterate_phdr(visit, &search) ? 0 : -1;
}
