/* crash_shim.c: ends the process at the n-th call that changes files below a folder, before it is
 * done; or lets it fail. Loaded by LD_PRELOAD.
 *
 *   PARLEY_CRASH_BELOW=folder
 *   PARLEY_CRASH_AT=n      counted from 1
 *   PARLEY_CRASH_ERRNO=e   that call fails with this error, and the process lives
 * At its end it writes how many calls there were into the file PARLEY_CRASH_COUNT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

static int number_of(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : atoi(text);
}

/* 1 when the call shall fail. */
static int counts(const char *path) {
    const char *below = getenv("PARLEY_CRASH_BELOW");
    if (below == NULL || strncmp(path, below, strlen(below)) != 0) return 0;
    if (++calls != number_of("PARLEY_CRASH_AT")) return 0;
    const int error = number_of("PARLEY_CRASH_ERRNO");
    if (error == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = error;
    return 1;
}

static int counts_file(int file) {
    char link[64];
    char path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    const ssize_t size = readlink(link, path, sizeof(path) - 1);
    if (size < 0) return 0;
    path[size] = '\0';
    return counts(path);
}

__attribute__((destructor)) static void tell(void) {
    const char *name = getenv("PARLEY_CRASH_COUNT");
    FILE *file = name == NULL ? NULL : fopen(name, "w");
    if (file == NULL) return;
    fprintf(file, "%d\n", calls);
    fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if ((flags & O_CREAT) != 0 && counts(path)) return -1;
    return REAL(open)(path, flags, mode);
}

/* What libraries call that are built for large files. */
int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if ((flags & O_CREAT) != 0 && counts(path)) return -1;
    return REAL(open64)(path, flags, mode);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
    if (counts_file(file)) return -1;
    return REAL(pwrite)(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    if (counts_file(file)) return -1;
    return REAL(pwrite64)(file, bytes, size, at);
}

ssize_t write(int file, const void *bytes, size_t size) {
    if (counts_file(file)) return -1;
    return REAL(write)(file, bytes, size);
}

#define BY_PATH(name, parameters, arguments, path) \
    int name parameters {                          \
        if (counts(path)) return -1;               \
        return REAL(name) arguments;               \
    }

BY_PATH(rename, (const char *from, const char *to), (from, to), to)
BY_PATH(unlink, (const char *path), (path), path)
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode), path)

#define BY_FILE(name, parameters, arguments) \
    int name parameters {                    \
        if (counts_file(file)) return -1;    \
        return REAL(name) arguments;         \
    }

BY_FILE(fsync, (int file), (file))
BY_FILE(fdatasync, (int file), (file))
BY_FILE(ftruncate64, (int file, off64_t size), (file, size))
BY_FILE(futimens, (int file, const struct timespec times[2]), (file, times))
BY_FILE(ftruncate, (int file, off_t size), (file, size))
BY_FILE(fallocate, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
