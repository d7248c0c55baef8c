#pragma once
#include <sys/types.h>

/// Starts `path` as a child that is killed when this process dies, in a process group of its own.
///
/// `arguments` and `environment` are NULL-terminated; `standardInput` becomes the child's stdin (/dev/null if it is negative),
/// `standardOutput` its stdout and stderr, `directory` (or NULL) its working directory. All other descriptors are closed in the
/// child.
/// Call it from a thread that lives as long as the process: Linux ties the parent-death signal to the calling thread.
/// Returns the child's process id, or -errno of the first step that failed, the child's own steps included.
pid_t cupel_spawn(const char *path, char *const arguments[], char *const environment[], const char *directory,
                  int standardInput, int standardOutput);

/// A descriptor that becomes readable when the child `process` has ended; -errno on failure.
/// See <https://man7.org/linux/man-pages/man2/pidfd_open.2.html>
int cupel_process_descriptor(pid_t process);
