#define _GNU_SOURCE
#include "CSockets.h"
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

int cupel_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cupel_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int cupel_bell(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cupel_socket(int family) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

int cupel_accept(int descriptor) { return accept4(descriptor, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }

long cupel_send(int descriptor, const void *bytes, unsigned long count, int more) {
    return send(descriptor, bytes, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

long cupel_send_file(int descriptor, int file, long offset, unsigned long count) {
    off_t start = offset;
    return sendfile(descriptor, file, &start, count);
}
