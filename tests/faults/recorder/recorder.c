/*
 * Records what a process asks of the files under one folder, in order: loaded before the C library
 * (LD_PRELOAD), so that it sees every call of a program that knows nothing of it.
 *
 *   MESUR_FAULTS_ROOT   the folder, absolute and without symbolic links
 *   MESUR_FAULTS_MARKS  a file whose writes are notes of the program in the trace, not writes to a disk
 *   MESUR_FAULTS_TRACE  the trace, which this process adds to
 *   MESUR_FAULTS_DIE    after how many records the process is to die; never where it is not set
 *
 * A change is made and recorded under one lock, so the trace has changes in the order in which they
 * happened. A sync is two records, its start and its end, and the lock is free in between, as the disk
 * is: what is written meanwhile is not covered by it. sync_file_range promises nothing after a power
 * cut and leaves no record.
 *
 * What cannot be recorded faithfully (a writable shared mapping, a copy within the kernel, a synchronous
 * descriptor) is a PROBLEM record, on which whoever reads the trace gives up.
 *
 * A process that is to die does so by SIGKILL at the end of a call, within the lock, so the trace has
 * all that it did.
 */
#include "trace.h"

/* The same call in the C library. */
#define NEXT(result, name, ...)                                                                   \
    static result (*next)(__VA_ARGS__);                                                           \
    if (!next) {                                                                                  \
        next = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name);                                   \
    }

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    int is_mark = trace >= 0 && path && strcmp(path, marks) == 0;
    if (!is_mark && !under_root(folder, path, whole)) {
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    }
    pthread_mutex_lock(&lock);
    struct stat before;
    int is_new = fstatat(folder, path, &before, 0) != 0;
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    int error = errno;
    if (fd >= DESCRIPTORS_MAX) {
        abort();
    }
    if (fd >= 0) {
        kinds[fd] = is_mark ? MARKS : STORE;
        if (!is_mark) {
            int emptied = (flags & O_TRUNC) && !is_new;
            record(OPEN, fd, (is_new ? 1 : 0) | (emptied ? 2 : 0), whole, strlen(whole));
            if (flags & O_DSYNC) {
                problem("a descriptor that syncs with every write");
            }
        }
    }
    release();
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list arguments) {
    int makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return makes ? (mode_t)va_arg(arguments, int) : 0;
}

#define OPENS(name)                                                                               \
    int name(const char *path, int flags, ...) {                                                  \
        va_list arguments;                                                                        \
        va_start(arguments, flags);                                                               \
        mode_t mode = mode_of(flags, arguments);                                                  \
        va_end(arguments);                                                                        \
        return opened(AT_FDCWD, path, flags, mode);                                               \
    }
#define OPENS_AT(name)                                                                            \
    int name(int folder, const char *path, int flags, ...) {                                      \
        va_list arguments;                                                                        \
        va_start(arguments, flags);                                                               \
        mode_t mode = mode_of(flags, arguments);                                                  \
        va_end(arguments);                                                                        \
        return opened(folder, path, flags, mode);                                                 \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd) {
    if (kind(fd) == UNKNOWN) {
        return (int)syscall(SYS_close, fd);
    }
    pthread_mutex_lock(&lock);
    if (kinds[fd] == STORE) {
        record(CLOSE, fd, 0, NULL, 0);
    }
    kinds[fd] = UNKNOWN;
    int result = (int)syscall(SYS_close, fd);
    release();
    return result;
}

/* The offset is that of the call, or where the descriptor stands behind what it wrote. */
static void wrote(int fd, int64_t offset, const struct iovec *parts, int count, ssize_t written) {
    if (offset < 0) {
        offset = lseek(fd, 0, SEEK_CUR) - written;
    }
    for (int part = 0; part < count && written > 0; part++) {
        size_t bytes = parts[part].iov_len < (size_t)written ? parts[part].iov_len : (size_t)written;
        if (kinds[fd] == MARKS) {
            record(MARK, fd, 0, parts[part].iov_base, bytes);
        } else {
            record(WRITE, fd, (uint64_t)offset, parts[part].iov_base, bytes);
        }
        offset += (int64_t)bytes;
        written -= (ssize_t)bytes;
    }
}

#define RECORDED(call, fd, offset, parts, count)                                                  \
    if (kind(fd) == UNKNOWN) {                                                                    \
        return call;                                                                              \
    }                                                                                             \
    pthread_mutex_lock(&lock);                                                                    \
    ssize_t written = call;                                                                       \
    int error = errno;                                                                            \
    wrote(fd, offset, parts, count, written);                                                     \
    release();                                                                  \
    errno = error;                                                                                \
    return written;

ssize_t write(int fd, const void *bytes, size_t count) {
    struct iovec part = {(void *)bytes, count};
    RECORDED(syscall(SYS_write, fd, bytes, count), fd, -1, &part, 1)
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    RECORDED(syscall(SYS_writev, fd, parts, count), fd, -1, parts, count)
}

#define WRITES_AT(name)                                                                           \
    ssize_t name(int fd, const void *bytes, size_t count, off64_t offset) {                       \
        NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t)                             \
        struct iovec part = {(void *)bytes, count};                                               \
        RECORDED(next(fd, bytes, count, offset), fd, offset, &part, 1)                            \
    }
WRITES_AT(pwrite)
WRITES_AT(pwrite64)

#define WRITES_PARTS_AT(name)                                                                     \
    ssize_t name(int fd, const struct iovec *parts, int count, off64_t offset) {                  \
        NEXT(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t)                       \
        RECORDED(next(fd, parts, count, offset), fd, offset, parts, count)                        \
    }
WRITES_PARTS_AT(pwritev)
WRITES_PARTS_AT(pwritev64)

#define SETS_LENGTH(name)                                                                         \
    int name(int fd, off64_t length) {                                                            \
        NEXT(int, "ftruncate64", int, off64_t)                                                    \
        if (kind(fd) != STORE) {                                                                  \
            return next(fd, length);                                                              \
        }                                                                                         \
        pthread_mutex_lock(&lock);                                                                \
        int result = next(fd, length);                                                            \
        if (result == 0) {                                                                        \
            record(SET_LENGTH, fd, (uint64_t)length, NULL, 0);                                    \
        }                                                                                         \
        release();                                                              \
        return result;                                                                            \
    }
SETS_LENGTH(ftruncate)
SETS_LENGTH(ftruncate64)

static int allocated(int fd, int mode, off64_t offset, off64_t length) {
    NEXT(int, "fallocate64", int, int, off64_t, off64_t)
    if (kind(fd) != STORE) {
        return next(fd, mode, offset, length);
    }
    pthread_mutex_lock(&lock);
    struct stat before;
    int known = fstat(fd, &before);
    int result = next(fd, mode, offset, length);
    if (mode & ~FALLOC_FL_KEEP_SIZE) {
        problem("fallocate that does more than allocate");
    } else if (result == 0 && known == 0 && mode == 0 && offset + length > before.st_size) {
        record(SET_LENGTH, fd, (uint64_t)(offset + length), NULL, 0);
    }
    release();
    return result;
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
    return allocated(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    return allocated(fd, mode, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
    return allocated(fd, 0, offset, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return allocated(fd, 0, offset, length) == 0 ? 0 : errno;
}

#define SYNCS(name)                                                                               \
    int name(int fd) {                                                                            \
        NEXT(int, #name, int)                                                                     \
        if (kind(fd) != STORE) {                                                                  \
            return next(fd);                                                                      \
        }                                                                                         \
        pthread_mutex_lock(&lock);                                                                \
        uint64_t which = ++syncs;                                                                 \
        record(SYNC_START, fd, which, NULL, 0);                                                   \
        release();                                                              \
        int result = next(fd);                                                                    \
        int error = errno;                                                                        \
        if (result == 0) {                                                                        \
            pthread_mutex_lock(&lock);                                                            \
            record(SYNC_END, fd, which, NULL, 0);                                                 \
            release();                                                          \
        }                                                                                         \
        errno = error;                                                                            \
        return result;                                                                            \
    }
SYNCS(fsync)
SYNCS(fdatasync)

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char from_whole[PATH_MAX], to_whole[PATH_MAX];
    int is_from = under_root(from_folder, from, from_whole);
    int is_to = under_root(to_folder, to, to_whole);
    if (!is_from && !is_to) {
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    }
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    int error = errno;
    if (!is_from || !is_to || (flags & ~1u)) {
        problem("a rename into or out of the folder, or an exchange");
    } else if (result == 0) {
        record_both(RENAME, -1, 0, from_whole, strlen(from_whole), to_whole, strlen(to_whole));
    }
    release();
    errno = error;
    return result;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renamed(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    return renamed(from_folder, from, to_folder, to, flags);
}

static int removed(int folder, const char *path, int flags) {
    char whole[PATH_MAX];
    if (!under_root(folder, path, whole)) {
        return (int)syscall(SYS_unlinkat, folder, path, flags);
    }
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_unlinkat, folder, path, flags);
    int error = errno;
    if (result == 0) {
        record(UNLINK, -1, 0, whole, strlen(whole));
    }
    release();
    errno = error;
    return result;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    struct stat found;
    int is_folder = lstat(path, &found) == 0 && S_ISDIR(found.st_mode);
    return removed(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

static int folder_made(int folder, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    if (!under_root(folder, path, whole)) {
        return (int)syscall(SYS_mkdirat, folder, path, mode);
    }
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_mkdirat, folder, path, mode);
    int error = errno;
    if (result == 0) {
        record(MAKE_FOLDER, -1, 0, whole, strlen(whole));
    }
    release();
    errno = error;
    return result;
}
int mkdir(const char *path, mode_t mode) { return folder_made(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return folder_made(folder, path, mode); }

/* Makes another descriptor by `number`, a system call, with the arguments behind the descriptor. */
static int duplicated(int fd, long number, long second, long third) {
    if (kind(fd) == UNKNOWN && number == SYS_fcntl) {
        return (int)syscall(number, fd, second, third);
    }
    pthread_mutex_lock(&lock);
    int made = (int)syscall(number, fd, second, third);
    int error = errno;
    if (made >= DESCRIPTORS_MAX) {
        abort();
    }
    if (made >= 0 && made != fd && trace >= 0) {
        if (kinds[made] == STORE) {
            record(CLOSE, made, 0, NULL, 0);
        }
        kinds[made] = kind(fd);
        if (kinds[made] == STORE) {
            record(DUPLICATE, fd, (uint64_t)made, NULL, 0);
        }
    }
    release();
    errno = error;
    return made;
}
int dup(int fd) { return duplicated(fd, SYS_fcntl, F_DUPFD, 0); }
int dup2(int fd, int wanted) {
    return fd == wanted ? fd : duplicated(fd, SYS_dup3, wanted, 0);
}
int dup3(int fd, int wanted, int flags) { return duplicated(fd, SYS_dup3, wanted, flags); }

#define CONTROLS(name)                                                                            \
    int name(int fd, int command, ...) {                                                          \
        va_list arguments;                                                                        \
        va_start(arguments, command);                                                             \
        long argument = va_arg(arguments, long);                                                  \
        va_end(arguments);                                                                        \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {                                   \
            return duplicated(fd, SYS_fcntl, command, argument);                                  \
        }                                                                                         \
        return (int)syscall(SYS_fcntl, fd, command, argument);                                    \
    }
CONTROLS(fcntl)
CONTROLS(fcntl64)

/* What would pass by the trace. */
static void refused(int fd, const char *what) {
    if (kind(fd) == STORE) {
        pthread_mutex_lock(&lock);
        problem(what);
        release();
    }
}

#define MAPS(name)                                                                                \
    void *name(void *address, size_t length, int protection, int flags, int fd, off64_t offset) { \
        if ((flags & MAP_SHARED) && (protection & PROT_WRITE)) {                                  \
            refused(fd, "a writable shared mapping");                                             \
        }                                                                                         \
        return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);         \
    }
MAPS(mmap)
MAPS(mmap64)

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length,
                        unsigned flags) {
    refused(to, "a copy within the kernel");
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, length, flags);
}

#define SENDS(name)                                                                               \
    ssize_t name(int to, int from, off64_t *offset, size_t count) {                               \
        refused(to, "a copy within the kernel");                                                  \
        return syscall(SYS_sendfile, to, from, offset, count);                                    \
    }
SENDS(sendfile)
SENDS(sendfile64)

#define LINKS(name, from_folder, from, to_folder, to, ...)                                        \
    int name(__VA_ARGS__) {                                                                       \
        char whole[PATH_MAX];                                                                     \
        if (under_root(to_folder, to, whole)) {                                                   \
            pthread_mutex_lock(&lock);                                                            \
            problem("a second name of a file");                                                   \
            release();                                                          \
        }                                                                                         \
        return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, 0);                     \
    }
LINKS(link, AT_FDCWD, from, AT_FDCWD, to, const char *from, const char *to)
LINKS(linkat, from_folder, from, to_folder, to, int from_folder, const char *from, int to_folder,
      const char *to, int flags __attribute__((unused)))
