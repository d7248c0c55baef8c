#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The path from the root to the same file, for a process with another working directory; a path to nothing stays as it is.
package func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}
