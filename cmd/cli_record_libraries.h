/* SPDX-License-Identifier: MIT */
/* What is loaded into the recorded program: compute blocks, BLAS, the libraries of devices' APIs.
 */
#ifndef RN_CLI_RECORD_LIBRARIES_H
#define RN_CLI_RECORD_LIBRARIES_H

#include "cli_record_compute.h"
#include "cli_record_device.h"

struct cli_record_libraries {
    struct cli_record_compute compute;
    struct cli_record_device device;
    struct cli_environment environment; /* of the program, with what they need */
    char rings[CLI_RINGS_SIZE];
};

/* Of one of their options: true, and *status is -1 or, after a message, the exit status. */
bool cli_record_libraries_option(struct cli_record_libraries *libraries, int letter,
                                 const char *argument, int *status);
/* Once the command is known: -1, or after a message the exit status. */
int cli_record_libraries_prepare(struct cli_record_libraries *libraries,
                                 struct cli_recording *recording);
void cli_record_libraries_free(struct cli_record_libraries *libraries);

#endif
