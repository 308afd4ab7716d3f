/* SPDX-License-Identifier: MIT */
/* What can be told before anything is read or sent: options that contradict each other, addresses
 * that are none, files that cannot be read. */
#include "cli_otlp_http.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_otlp_can_read(const char *what, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), fault = fd < 0 ? errno : 0;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        fault = EISDIR;
    if (fd >= 0)
        close(fd);
    if (fault)
        cli_fail("%s: %s: cannot read: %s", what, path, strerror(fault));
    return !fault;
}

/* Behind "user:password@". */
static const char *without_password(const char *url)
{
    const char *at = strrchr(url, '@');

    return at ? at + 1 : url;
}

bool cli_otlp_check_url(const char *url, const char *given)
{
    if (cli_http_is_url(url) && (!strstr(given, "://") || cli_http_is_url(given)))
        return true;
    cli_usage("endpoint '%s' is no http:// or https:// URL", without_password(given));
    return false;
}

static int check_output(const struct cli_otlp_options *options)
{
    if (options->output && (options->endpoint || options->dry_run))
        return cli_usage("-o writes a file: --endpoint and --dry-run do not go with it");
    if (options->output && (options->checkpoint || options->verify))
        return cli_usage("-o writes a file: --checkpoint and --verify do not go with it");
    if (options->json && options->output && !strcmp(options->output, "-"))
        return cli_usage("--json and -o - would both write to standard output");
    if (options->format != OTLP_BY_NAME && !options->output)
        return cli_usage("--format is for -o FILE");
    return -1;
}

static bool can_read_certificates(const struct cli_otlp_options *options)
{
    const struct {
        const char *name, *path;
    } files[] = {
        {"--certificate", options->certificate},
        {"--client-certificate", options->client_certificate},
        {"--client-key", options->client_key},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path && !cli_otlp_can_read(files[i].name, files[i].path))
            return false;
    return true;
}

int cli_otlp_check(const struct cli_otlp_options *options)
{
    int status = check_output(options);

    if (status >= 0)
        return status;
    if (options->rebase && options->checkpoint)
        return cli_usage("--rebase does not go with --checkpoint: a second run would move the rest "
                         "of a recording by another time");
    if (options->verify && !cli_http_is_url(options->verify))
        return cli_usage("--verify '%s' is no URL such as http://localhost:3200",
                         without_password(options->verify));
    if (!options->verify && options->verify_ms != CLI_OTLP_NOT_GIVEN)
        return cli_usage("--verify-time belongs to --verify, which is not given");
    return can_read_certificates(options) ? -1 : RN_EXIT_TROUBLE;
}
