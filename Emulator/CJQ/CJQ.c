#define _GNU_SOURCE
#include "CJQ.h"
#include <dlfcn.h>
#include <jq.h>
#include <jv.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// libjq is loaded with the first query, so that a machine without it runs everything else.

#define EACH(DO)                                                                                                       \
    DO(jq_init) DO(jq_teardown) DO(jq_set_error_cb) DO(jq_compile) DO(jq_start) DO(jq_next) DO(jq_halt)                \
    DO(jq_halted) DO(jv_parse_sized) DO(jv_get_kind) DO(jv_copy) DO(jv_free) DO(jv_null) DO(jv_invalid_get_msg)        \
    DO(jv_string_value) DO(jv_dump_string)

#define POINTER(name) __typeof__(&name) name;
static struct { EACH(POINTER) } library;
static char *missing;

static void load(void) {
    void *handle = dlopen("libjq.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        missing = strdup(dlerror());
        return;
    }
#define LOOK_UP(name)                                                                                                  \
    library.name = (__typeof__(&name))dlsym(handle, #name);                                                            \
    if (!library.name) missing = strdup(dlerror());
    EACH(LOOK_UP)
}

struct cjq_program {
    jq_state *state;
    // What jq said about the query.
    char *problem;
    // Guards the run in progress from an interrupt after its end.
    pthread_mutex_t lock;
    bool isRunning;
};

// Takes a text of jq's; what is no text becomes JSON.
static char *taken(jv value) {
    jv text = library.jv_get_kind(value) == JV_KIND_STRING ? value : library.jv_dump_string(value, 0);
    char *copy = strdup(library.jv_string_value(text));
    library.jv_free(text);
    return copy;
}

static void note(void *data, jv message) {
    cjq_program *program = data;
    char *text = taken(message);
    if (program->problem) free(text);
    else program->problem = text;
}

cjq_program *cjq_compile(const char *query, char **problem) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    *problem = NULL;
    if (missing) {
        *problem = strdup(missing);
        return NULL;
    }
    cjq_program *program = calloc(1, sizeof *program);
    pthread_mutex_init(&program->lock, NULL);
    program->state = library.jq_init();
    library.jq_set_error_cb(program->state, note, program);
    if (library.jq_compile(program->state, query)) return program;
    *problem = program->problem ? program->problem : strdup("the query has an error");
    program->problem = NULL;
    cjq_free(program);
    return NULL;
}

cjq_result cjq_run(cjq_program *program, const char *document, int length) {
    cjq_result result = {NULL, NULL};
    jv input = library.jv_parse_sized(document, length);
    if (library.jv_get_kind(input) == JV_KIND_INVALID) {
        result.problem = taken(library.jv_invalid_get_msg(input));
        return result;
    }
    library.jq_start(program->state, input, 0);
    pthread_mutex_lock(&program->lock);
    program->isRunning = true;
    pthread_mutex_unlock(&program->lock);
    jv value = library.jq_next(program->state);
    pthread_mutex_lock(&program->lock);
    program->isRunning = false;
    pthread_mutex_unlock(&program->lock);
    if (library.jv_get_kind(value) != JV_KIND_INVALID) {
        jv text = library.jv_dump_string(value, 0);
        result.text = strdup(library.jv_string_value(text));
        library.jv_free(text);
        return result;
    }
    if (library.jq_halted(program->state)) result.problem = strdup("it took too long and was interrupted");
    jv message = library.jv_invalid_get_msg(value);
    if (!result.problem && library.jv_get_kind(message) != JV_KIND_NULL) result.problem = taken(message);
    else library.jv_free(message);
    return result;
}

void cjq_interrupt(cjq_program *program) {
    pthread_mutex_lock(&program->lock);
    if (program->isRunning && !library.jq_halted(program->state))
        library.jq_halt(program->state, library.jv_null(), library.jv_null());
    pthread_mutex_unlock(&program->lock);
}

void cjq_free(cjq_program *program) {
    library.jq_teardown(&program->state);
    pthread_mutex_destroy(&program->lock);
    free(program->problem);
    free(program);
}
