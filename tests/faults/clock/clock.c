/*
 * Sets the clock on the wall of one process ahead: loaded before the C library (LD_PRELOAD), so that a
 * program that knows nothing of it has another day. The time that passes stays as it is.
 *
 *   MESUR_FAULTS_AHEAD  by how many seconds; nothing where it is not set
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static time_t ahead;

__attribute__((constructor)) static void begin(void) {
    const char *seconds = getenv("MESUR_FAULTS_AHEAD");
    ahead = seconds ? (time_t)strtoll(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) {
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int answer = next(clock, now);
    if (answer == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += ahead;
    }
    return answer;
}
