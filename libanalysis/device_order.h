/* SPDX-License-Identifier: MIT */
/* Runs of kernels and transfers in order of start. Records of devices come late and by kind, so the
 * latest RN_DEVICE_ORDER of them are held back and sorted; who is later than that stays so. 13 MiB
 * at most. */
#ifndef RN_DEVICE_ORDER_H
#define RN_DEVICE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_DEVICE_ORDER (1u << 16)

struct rn_device_group;

/* Times are ticks of the recording. */
struct rn_device_run {
    uint64_t start, end;
    uint64_t queued, submitted;             /* 0 unknown */
    uint64_t owner;                         /* see rn_device_owner */
    uint64_t correlation, context, queue;   /* 0 none */
    struct rn_device_group *group, *device; /* NULL: of no group */
    uint8_t kind;                           /* enum rn_kind */
};

struct rn_device_order {
    struct rn_device_run *runs, *spare;
    size_t count, capacity;
    bool sorted;
};

typedef void rn_device_run_fn(void *context, const struct rn_device_run *run);

/* Takes a copy; hands out the older half first where there is no room. False: no memory. */
bool rn_device_order_add(struct rn_device_order *order, const struct rn_device_run *run,
                         rn_device_run_fn *function, void *context);
/* Hands out all that is left. */
bool rn_device_order_finish(struct rn_device_order *order, rn_device_run_fn *function,
                            void *context);
void rn_device_order_free(struct rn_device_order *order);

#endif
