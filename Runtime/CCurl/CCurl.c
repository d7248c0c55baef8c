#define _GNU_SOURCE
#include "CCurl.h"
#include <dlfcn.h>
#ifdef __GLIBC__
#include <nss.h>
#endif

#define EACH(DO)                                                                                                       \
    DO(curl_global_init) DO(curl_easy_init) DO(curl_easy_reset) DO(curl_easy_cleanup) DO(curl_easy_setopt)             \
    DO(curl_easy_getinfo) DO(curl_easy_strerror) DO(curl_slist_append) DO(curl_slist_free_all) DO(curl_multi_init)     \
    DO(curl_multi_add_handle) DO(curl_multi_remove_handle) DO(curl_multi_perform) DO(curl_multi_poll)                  \
    DO(curl_multi_info_read) DO(curl_multi_cleanup)

#define POINTER(name) __typeof__(&name) name;
static struct { EACH(POINTER) } library;

#ifdef CUPEL_STATIC_LIBCURL
static const char *find_library(void) {
#define TAKE(name) library.name = name;
    EACH(TAKE)
#ifdef __GLIBC__
    // A static executable has glibc's lookups by file and by DNS inside. Other name services, which the machine's nsswitch.conf
    // may ask for, are shared libraries made for the machine's own glibc: to load one is to crash, or worse.
    __nss_configure_lookup("hosts", "files dns");
#endif
    return NULL;
}
#else
static const char *find_library(void) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOOK_UP(name)                                                                                                  \
    library.name = (__typeof__(&name))dlsym(handle, #name);                                                            \
    if (!library.name) return dlerror();
    EACH(LOOK_UP)
    return NULL;
}
#endif

const char *ccurl_set_up(void) {
    const char *problem = find_library();
    if (problem) return problem;
    CURLcode code = library.curl_global_init(CURL_GLOBAL_DEFAULT);
    return code == CURLE_OK ? NULL : library.curl_easy_strerror(code);
}

CURLM *ccurl_multi_init(void) { return library.curl_multi_init(); }

CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy) { return library.curl_multi_add_handle(multi, easy); }

CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy) { return library.curl_multi_remove_handle(multi, easy); }

CURLMcode ccurl_multi_perform(CURLM *multi) {
    int running = 0;
    return library.curl_multi_perform(multi, &running);
}

CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds) {
    return library.curl_multi_poll(multi, NULL, 0, milliseconds, NULL);
}

void ccurl_multi_clean_up(CURLM *multi) { library.curl_multi_cleanup(multi); }

int ccurl_take_result(CURLM *multi, CURLcode *code) {
    int left = 0;
    for (CURLMsg *message; (message = library.curl_multi_info_read(multi, &left));) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return 1;
        }
    }
    return 0;
}

CURL *ccurl_easy_init(void) { return library.curl_easy_init(); }

void ccurl_easy_reset(CURL *easy) { library.curl_easy_reset(easy); }

void ccurl_easy_clean_up(CURL *easy) { library.curl_easy_cleanup(easy); }

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return library.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return library.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers) {
    return library.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

CURLcode ccurl_set_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode code = library.curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code != CURLE_OK ? code : library.curl_easy_setopt(easy, CURLOPT_POSTFIELDS, count == 0 ? "" : bytes);
}

CURLcode ccurl_set_header_callback(CURL *easy, ccurl_data_callback callback, void *context) {
    CURLcode code = library.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
    return code != CURLE_OK ? code : library.curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

CURLcode ccurl_set_write_callback(CURL *easy, ccurl_data_callback callback, void *context) {
    CURLcode code = library.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code != CURLE_OK ? code : library.curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

CURLcode ccurl_set_error_buffer(CURL *easy, char *buffer) {
    return library.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

long ccurl_response_code(CURL *easy) {
    long status = 0;
    library.curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

curl_off_t ccurl_pretransfer_time(CURL *easy) {
    curl_off_t microseconds = 0;
    library.curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
    return microseconds;
}

const char *ccurl_error_text(CURLcode code) { return library.curl_easy_strerror(code); }

struct curl_slist *ccurl_append(struct curl_slist *list, const char *text) {
    return library.curl_slist_append(list, text);
}

void ccurl_free_list(struct curl_slist *list) { library.curl_slist_free_all(list); }
