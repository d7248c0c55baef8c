#pragma once
// libcurl's types, and the calls that we make of it.
//
// A packaged executable has its own lean libcurl inside. Any other loads Debian's with the first call: the thirty libraries behind
// that take half of a function's start, and most of its memory, which a process that calls nobody shall not pay.
//
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one typed wrapper per kind of argument.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

typedef size_t (*ccurl_data_callback)(char *data, size_t size, size_t count, void *context);

// Finds libcurl and sets it up; to be called once, before everything else. NULL, or what went wrong.
const char *ccurl_set_up(void);

CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy);
// Does what can be done without waiting.
CURLMcode ccurl_multi_perform(CURLM *multi);
// Waits until a socket is ready or one of libcurl's timers fires.
CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds);
void ccurl_multi_clean_up(CURLM *multi);
// The outcome of a transfer that has ended: true and its code, or false while it runs.
int ccurl_take_result(CURLM *multi, CURLcode *code);

CURL *ccurl_easy_init(void);
void ccurl_easy_reset(CURL *easy);
void ccurl_easy_clean_up(CURL *easy);

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers);
// The body is not copied: it must stay in place until the transfer ends.
CURLcode ccurl_set_body(CURL *easy, const void *bytes, size_t count);
CURLcode ccurl_set_header_callback(CURL *easy, ccurl_data_callback callback, void *context);
CURLcode ccurl_set_write_callback(CURL *easy, ccurl_data_callback callback, void *context);
CURLcode ccurl_set_error_buffer(CURL *easy, char *buffer);

long ccurl_response_code(CURL *easy);
// Microseconds until the request could be sent; 0 when it never came to that.
curl_off_t ccurl_pretransfer_time(CURL *easy);
const char *ccurl_error_text(CURLcode code);

struct curl_slist *ccurl_append(struct curl_slist *list, const char *text);
void ccurl_free_list(struct curl_slist *list);
