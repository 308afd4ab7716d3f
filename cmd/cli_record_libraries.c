/* SPDX-License-Identifier: MIT */
#include "cli_record_libraries.h"

#include "cli.h"

bool cli_record_libraries_option(struct cli_record_libraries *libraries, int letter,
                                 const char *argument, int *status)
{
    return cli_record_compute_option(&libraries->compute, letter, argument, status) ||
           cli_record_device_option(&libraries->device, letter, argument, status);
}

int cli_record_libraries_prepare(struct cli_record_libraries *libraries,
                                 struct cli_recording *recording)
{
    struct cli_environment *environment = &libraries->environment;
    bool devices = false;
    int status = cli_record_compute_prepare(&libraries->compute, recording, environment);

    if (status < 0)
        status = cli_record_device_prepare(&libraries->device, recording->engine.argv, environment,
                                           &devices);
    recording->session.producing.on |= devices;
    recording->session.producing.devices = devices;
    recording->devices = &libraries->device;
    if (status >= 0 || !recording->session.producing.on)
        return status;
    recording->rings_variable = libraries->rings;
    if (!cli_environment_lend(environment, libraries->rings))
        cli_fail("out of memory");
    recording->engine.environment = environment->list;
    return recording->engine.environment ? -1 : CLI_EXIT_RECORDER;
}

void cli_record_libraries_free(struct cli_record_libraries *libraries)
{
    cli_record_compute_free(&libraries->compute);
    cli_environment_free(&libraries->environment);
}
