/* SPDX-License-Identifier: MIT */
/* Names of the enumerations in event.h, as text, JSON attributes and expressions show them. */
#ifndef RN_VALUE_NAME_H
#define RN_VALUE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rn_value_table {
    RN_VALUE_API,        /* enum rn_api */
    RN_VALUE_BACKEND,    /* enum rn_backend */
    RN_VALUE_DIRECTION,  /* enum rn_direction */
    RN_VALUE_PROVENANCE, /* enum rn_provenance */
    RN_VALUE_RESIDENCY,  /* enum rn_residency */
    RN_VALUE_REASON,     /* enum rn_aggregate_reason */
    RN_VALUE_PROCESS_OP, /* enum rn_process_op */
    RN_VALUE_MODULE_OP,  /* enum rn_module_op */
    RN_VALUE_NOTICE,     /* enum rn_notice_code */
    RN_VALUE_LOSS,       /* enum rn_loss_reason */
    RN_VALUE_TABLES,
};

/* "unknown" for a number that has none; never NULL. */
const char *rn_value_name(enum rn_value_table table, uint64_t value);
/* And back. False: no value of the table has that name. */
bool rn_value_from_name(enum rn_value_table table, const char *name, size_t length,
                        uint64_t *value);

#endif
