/* SPDX-License-Identifier: MIT */
/* A thread beside the one that traces: it does one piece of work at a time, while the other goes on
 * answering the program. All functions are for that other thread alone. */
#ifndef RN_SIDE_THREAD_H
#define RN_SIDE_THREAD_H

#include <stdbool.h>

struct rn_side_thread;

typedef void rn_side_work(void *context);

/* NULL: there is but one CPU to run on, or no memory. It takes no signals. `yields`: its work is
 * long, and others have the CPU first. */
struct rn_side_thread *rn_side_thread_new(rn_side_work *work, void *context, bool yields);
/* Waits for the work under way. NULL: nothing. */
void rn_side_thread_free(struct rn_side_thread *thread);
/* Begin the work. None may be under way. What the caller wrote before is seen there. */
void rn_side_thread_begin(struct rn_side_thread *thread);
/* Is it under way? Once it is not, what it wrote is seen here. */
bool rn_side_thread_busy(const struct rn_side_thread *thread);
/* Run elsewhere than the caller does now. A thread that is woken tends to begin on the waker's CPU:
 * there the two would not run at the same time at all. */
void rn_side_thread_keep_away(struct rn_side_thread *thread);
void rn_side_thread_wait(struct rn_side_thread *thread);

#endif
