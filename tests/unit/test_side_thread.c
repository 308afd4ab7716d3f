/* SPDX-License-Identifier: MIT */
/* A thread that does one piece of work at a time. */
#include "capture/side_thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct job {
    unsigned done;
    bool held; /* the work does not end while this is set */
    sigset_t blocked;
};

static void work(void *context)
{
    struct job *job = context;

    while (__atomic_load_n(&job->held, __ATOMIC_ACQUIRE))
        ;
    pthread_sigmask(SIG_BLOCK, NULL, &job->blocked);
    job->done++;
}

static void one_piece_at_a_time(void **state)
{
    struct job job = {0};
    struct rn_side_thread *thread = rn_side_thread_new(work, &job, *state != NULL);

    if (!thread) /* one CPU */
        skip();
    assert_false(rn_side_thread_busy(thread));
    rn_side_thread_wait(thread);
    for (unsigned i = 1; i <= 1000; i++) {
        rn_side_thread_keep_away(thread);
        rn_side_thread_begin(thread);
        rn_side_thread_wait(thread);
        assert_int_equal(job.done, i);
        assert_false(rn_side_thread_busy(thread));
    }
    assert_true(sigismember(&job.blocked, SIGTERM) && sigismember(&job.blocked, SIGALRM));
    rn_side_thread_free(thread);
}

static void is_busy_until_it_is_done(void **state)
{
    struct job job = {.held = true};
    struct rn_side_thread *thread = rn_side_thread_new(work, &job, false);

    (void)state;
    if (!thread)
        skip();
    rn_side_thread_begin(thread);
    assert_true(rn_side_thread_busy(thread));
    assert_int_equal(job.done, 0);
    __atomic_store_n(&job.held, false, __ATOMIC_RELEASE);
    while (rn_side_thread_busy(thread))
        ;
    assert_int_equal(job.done, 1);
    rn_side_thread_begin(thread);
    rn_side_thread_free(thread); /* which waits */
    assert_int_equal(job.done, 2);
    rn_side_thread_free(NULL);
}

int main(void)
{
    static int yes;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_piece_at_a_time),
        cmocka_unit_test_prestate(one_piece_at_a_time, &yes),
        cmocka_unit_test(is_busy_until_it_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
