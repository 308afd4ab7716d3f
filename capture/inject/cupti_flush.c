/* SPDX-License-Identifier: MIT */
/* CUPTI hands a buffer over when it is full: in a program that does little on its device that may
 * be never. So a thread of ours asks for what is complete ten times a second; what is not, when the
 * program exits. A program that calls _exit or is killed loses what came after the last time. */
#include "cupti_inject.h"

#include "producer_system.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define PERIOD_NS  100000000
#define PATIENCE_S 10 /* for the thread to end; a driver that hangs must not keep the program */

static pthread_t thread;
static bool has_thread;
static uint32_t ending;

static void tell_losses(void)
{
    bool uncounted;
    uint64_t count = rn_cupti_discarded(&uncounted);
    size_t dropped = 0;

    if (count)
        rn_cupti_lose(count, "there was no memory for CUPTI's records");
    if (uncounted)
        rn_cupti_lose(0, "there was no memory for CUPTI's records");
    if (rn_cupti.call.get_dropped(NULL, 0, &dropped) == RN_CUPTI_SUCCESS && dropped)
        rn_cupti_lose(dropped, "CUPTI had no room for records, and dropped them");
    count = rn_cupti_unknown();
    if (count)
        rn_cupti_lose(count, "records of CUPTI were not understood");
}

static void look(uint32_t flags)
{
    rn_cupti_clock_look(flags != 0);
    (void)rn_cupti.call.flush_all(flags);
    tell_losses();
}

static void *flush_from_time_to_time(void *context)
{
    struct timespec period = {.tv_nsec = PERIOD_NS};

    while (__atomic_load_n(&ending, __ATOMIC_ACQUIRE) == 0) {
        (void)rn_system_call(SYS_futex, (uintptr_t)&ending, FUTEX_WAIT_PRIVATE, 0,
                             (uintptr_t)&period, 0, 0);
        if (__atomic_load_n(&ending, __ATOMIC_ACQUIRE) == 0)
            look(0);
    }
    return context;
}

/* The program's signals are not for this thread. */
void rn_cupti_flush_begin(void)
{
    sigset_t all, before;

    sigfillset(&all);
    if (pthread_sigmask(SIG_BLOCK, &all, &before) != 0)
        return;
    has_thread = pthread_create(&thread, NULL, flush_from_time_to_time, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (has_thread)
        (void)pthread_setname_np(thread, "rn-cuda");
    else
        rn_cupti_note(RN_NOTICE_OTHER, 0,
                      "no thread for CUPTI's records could be started: they are "
                      "stored when a buffer is full, or the program ends");
}

void rn_cupti_flush_end(void)
{
    struct timespec until;

    __atomic_store_n(&ending, 1, __ATOMIC_RELEASE);
    if (has_thread) {
        (void)rn_system_call(SYS_futex, (uintptr_t)&ending, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PATIENCE_S;
        (void)pthread_timedjoin_np(thread, NULL, &until);
    }
    look(RN_CUPTI_FLUSH_FORCED);
    if (rn_cupti_incomplete())
        rn_cupti_note(RN_NOTICE_OTHER, rn_cupti_incomplete(),
                      "kernels, transfers or waits had not ended when the program did: they are "
                      "marked as unfinished");
}
