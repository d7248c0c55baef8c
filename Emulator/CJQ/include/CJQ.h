#pragma once
#include <stdbool.h>
#include <stddef.h>

/// A compiled query of jq. One thread at a time may run it; any thread may interrupt it.
typedef struct cjq_program cjq_program;

/// What came of a call: a text, or why there is none. Both are freed by the caller; both are NULL where a query has no result.
typedef struct {
    char *text;
    char *problem;
} cjq_result;

/// Compiles a query. NULL with a problem if it has an error, or if libjq is not installed.
cjq_program *cjq_compile(const char *query, char **problem);

/// The first result of the query for a JSON document, as JSON.
cjq_result cjq_run(cjq_program *program, const char *document, int length);

/// Lets the run in progress end without a result.
void cjq_interrupt(cjq_program *program);

void cjq_free(cjq_program *program);
