#pragma once
#include <stdint.h>
#include <sys/epoll.h>

// Linux's calls for many sockets, which the C libraries' modules for Swift lack.

// What a descriptor is ready for: names that have one type in all C libraries.
static const uint32_t cupel_readable = EPOLLIN, cupel_writable = EPOLLOUT, cupel_failed = EPOLLERR,
                      cupel_closed = EPOLLHUP, cupel_peer_ended = EPOLLRDHUP;

/// See <https://man7.org/linux/man-pages/man2/epoll_create.2.html>
int cupel_epoll(void);

/// Adds, changes (EPOLL_CTL_ADD, EPOLL_CTL_MOD) or removes a descriptor, whose events carry `number`.
int cupel_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t number);

/// A descriptor that is readable once something was written to it: 8 bytes, as a number.
/// See <https://man7.org/linux/man-pages/man2/eventfd.2.html>
int cupel_bell(void);

/// A TCP socket of an address family that neither blocks nor outlives this program.
int cupel_socket(int family);

/// The next connection of a listening socket, in the same manner.
int cupel_accept(int descriptor);

/// Sends bytes; `more` says that others follow at once. A closed connection is an error, not a signal.
long cupel_send(int descriptor, const void *bytes, unsigned long count, int more);

/// Sends bytes of a file without a copy. See <https://man7.org/linux/man-pages/man2/sendfile.2.html>
long cupel_send_file(int descriptor, int file, long offset, unsigned long count);
