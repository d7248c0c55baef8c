#define _GNU_SOURCE
#include "CProcess.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

pid_t cupel_spawn(const char *path, char *const arguments[], char *const environment[], const char *directory,
                  int standardInput, int standardOutput) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
        int failure = errno;
        close(report[0]);
        close(report[1]);
        return -failure;
    }
    if (child == 0) {
        // Only async-signal-safe calls from here on: other threads' locks may be held for ever in this copy.
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        int input;
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && setpgid(0, 0) == 0 &&
            (directory == NULL || chdir(directory) == 0) && (input = standardInput >= 0 ? standardInput : open("/dev/null", O_RDONLY)) >= 0 &&
            dup2(input, 0) == 0 && dup2(standardOutput, 1) == 1 && dup2(standardOutput, 2) == 2 &&
            (report[1] == 3 || dup3(report[1], 3, O_CLOEXEC) == 3)) {
            syscall(SYS_close_range, 4U, ~0U, 0U);
            // A file that was just written is busy for a moment if another thread forked while it was open for writing:
            // that child holds it open until its own execve.
            const struct timespec moment = {.tv_nsec = 5 * 1000 * 1000};
            for (int attempt = 0; attempt < 1000; attempt++) {
                execve(path, arguments, environment);
                if (errno != ETXTBSY) break;
                nanosleep(&moment, NULL);
                errno = ETXTBSY;
            }
            int failure = errno;
            (void)!write(3, &failure, sizeof failure);
        } else {
            int failure = errno;
            (void)!write(report[1], &failure, sizeof failure);
        }
        _exit(127);
    }
    close(report[1]);
    int failure = 0;
    ssize_t got;
    do got = read(report[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof failure) {
        waitpid(child, NULL, 0);
        return -(failure ? failure : EIO);
    }
    return child;
}

int cupel_process_descriptor(pid_t process) {
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? -errno : descriptor;
}
