/* SPDX-License-Identifier: MIT */
/* backend_bench POLICY: nanoseconds a call of rn_backend_select and rn_backend_record, on one
 * thread and on several that share an operation. */
#include "libanalysis/backend/rn_backend.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define CALLS   5000000u
#define THREADS 2u

static const struct rn_backend_variant variants[] = {
    {RN_BACKEND_USE_SCALAR, NULL}, {RN_BACKEND_USE_SIMD, "avx2"}, {RN_BACKEND_USE_GPU, "opencl"}};

struct job {
    struct rn_backend_operation *operation;
    double select_ns, record_ns;
    unsigned sum; /* so that no call can be left out */
};

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void *measure(void *context)
{
    struct job *job = context;
    double began = now_ns();

    for (unsigned i = 0; i < CALLS; i++)
        job->sum += rn_backend_select(job->operation, 16 + i % 1000000);
    job->select_ns = (now_ns() - began) / CALLS;
    began = now_ns();
    for (unsigned i = 0; i < CALLS; i++)
        rn_backend_record(job->operation, 16 + i % 1000000, i % 3, 100 + i % 64);
    job->record_ns = (now_ns() - began) / CALLS;
    return NULL;
}

static void report(const char *what, struct rn_backend_policy *policy, unsigned threads)
{
    struct job job[THREADS] = {{.operation = rn_backend_operation(policy, "saxpy", variants, 3)}};
    pthread_t thread[THREADS];

    for (unsigned i = 1; i < threads; i++) {
        job[i].operation = job[0].operation;
        pthread_create(&thread[i], NULL, measure, &job[i]);
    }
    measure(&job[0]);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(thread[i], NULL);
    printf("%-34s select %5.1f ns, record %5.1f ns\n", what, job[0].select_ns, job[0].record_ns);
}

int main(int argc, char **argv)
{
    struct rn_backend_policy *policy;

    rn_backend_open(argc > 1 ? argv[1] : NULL, RN_BACKEND_ANY_MACHINE, &policy, NULL, 0);
    report("by policy, 1 thread", policy, 1);
    report("by policy, 2 threads, same operation", policy, 2);
    rn_backend_free(policy);
    rn_backend_open(NULL, RN_BACKEND_EXPLORE, &policy, NULL, 0);
    report("by what was measured, 1 thread", policy, 1);
    rn_backend_free(policy);
    return 0;
}
