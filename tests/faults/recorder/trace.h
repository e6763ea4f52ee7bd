/*
 * The trace that the recorder writes, and which files it is about.
 *
 * A record is a struct header and the bytes that it tells of, in the byte order of the machine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation {
    OPEN = 1,       /* fd; number: 1 made, 2 emptied; first: path */
    CLOSE = 2,      /* fd */
    WRITE = 3,      /* fd; number: offset; first: bytes */
    SET_LENGTH = 4, /* fd; number: length */
    SYNC_START = 5, /* fd; number: which sync */
    SYNC_END = 6,   /* number: which sync */
    RENAME = 7,     /* first: from; second: to */
    UNLINK = 8,     /* first: path */
    MAKE_FOLDER = 9, /* first: path */
    MARK = 10,      /* first: bytes */
    DUPLICATE = 11, /* fd; number: the new descriptor */
    PROBLEM = 12,   /* first: what */
    START = 13,     /* another process goes on, without a descriptor */
};

struct header {
    uint32_t operation;
    int32_t fd;
    uint64_t number;
    uint32_t first_bytes;
    uint32_t second_bytes;
};

enum { DESCRIPTORS_MAX = 65536 };
enum { UNKNOWN = 0, STORE = 1, MARKS = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char kinds[DESCRIPTORS_MAX];
static const char *root;
static const char *marks;
static int trace = -1;
static long die_after;
static long records;
static uint64_t syncs;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("MESUR_FAULTS_TRACE");
    root = getenv("MESUR_FAULTS_ROOT");
    marks = getenv("MESUR_FAULTS_MARKS");
    if (path && root && marks) {
        trace = (int)syscall(SYS_openat, AT_FDCWD, path,
                             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const char *die = getenv("MESUR_FAULTS_DIE");
        die_after = die ? atol(die) : 0;
        struct header header = {START, -1, 0, 0, 0};
        if (trace < 0 || syscall(SYS_write, trace, &header, sizeof header) != sizeof header) {
            abort();
        }
    }
}

static void record_both(uint32_t operation, int fd, uint64_t number, const void *first,
                        size_t first_bytes, const void *second, size_t second_bytes) {
    struct header header = {operation, fd, number, (uint32_t)first_bytes, (uint32_t)second_bytes};
    struct iovec parts[3] = {{&header, sizeof header},
                             {(void *)first, first_bytes},
                             {(void *)second, second_bytes}};
    size_t left = sizeof header + first_bytes + second_bytes;
    struct iovec *part = parts;
    while (left > 0) {
        long written = syscall(SYS_writev, trace, part, (int)(parts + 3 - part));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            abort(); /* A trace with a gap would blame the store. */
        }
        left -= (size_t)written;
        while (part < parts + 3 && (size_t)written >= part->iov_len) {
            written -= (long)part->iov_len;
            part++;
        }
        if (part < parts + 3) {
            part->iov_base = (char *)part->iov_base + written;
            part->iov_len -= (size_t)written;
        }
    }
    records++;
}

/* Ends what was done and recorded under the lock; or the process, which then has done no more. */
static void release(void) {
    if (die_after > 0 && records >= die_after) {
        kill(getpid(), SIGKILL);
    }
    pthread_mutex_unlock(&lock);
}

static void record(uint32_t operation, int fd, uint64_t number, const void *bytes, size_t count) {
    record_both(operation, fd, number, bytes, count, NULL, 0);
}

static void problem(const char *what) { record(PROBLEM, -1, 0, what, strlen(what)); }

static int kind(int fd) {
    return trace >= 0 && fd >= 0 && fd < DESCRIPTORS_MAX ? kinds[fd] : UNKNOWN;
}

/* Whether a path, relative to a folder, is under the root; with it the whole path. */
static int under_root(int folder, const char *path, char *whole) {
    if (trace < 0 || !path) {
        return 0;
    }
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else {
        char base[PATH_MAX] = "";
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) {
                return 0;
            }
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) {
                return 0;
            }
            base[length] = 0;
        }
        if (strlen(base) + strlen(path) + 2 > PATH_MAX) {
            return 0;
        }
        strcpy(whole, base);
        strcat(whole, "/");
        strcat(whole, path);
    }
    size_t length = strlen(root);
    return strncmp(whole, root, length) == 0 && (whole[length] == '/' || whole[length] == 0);
}
