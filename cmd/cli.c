/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "formats/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cli_program = "rn";
bool cli_quiet;
int cli_verbose;

enum { MESSAGE_MAX = 2048 };

static int message_fd = STDERR_FILENO;

void cli_messages_to(int fd)
{
    message_fd = fd;
}

/* One write, so that lines of several processes on one terminal do not mix. */
static void write_line(const char *message, const char *suffix)
{
    struct rn_buf line = RN_BUF_INIT;
    rn_escape_terminal(&line, (const uint8_t *)cli_program, strlen(cli_program));
    rn_buf_text(&line, ": ");
    rn_escape_terminal(&line, (const uint8_t *)message, strlen(message));
    rn_buf_text(&line, suffix);
    rn_buf_byte(&line, '\n');
    /* Nowhere is left to say that standard error cannot be written. */
    if (!line.failed && write(message_fd, line.data, line.size) < 0)
        errno = 0;
    rn_buf_free(&line);
}

void cli_error(const struct rn_error *err)
{
    char text[sizeof(err->file) + sizeof(err->what) + 256];
    write_line(rn_error_text(err, text, sizeof(text)), "");
}

void cli_fail(const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    write_line(message, "");
}

void cli_warn(const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    if (cli_quiet)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    write_line(message, "");
}

int cli_usage(const char *format, ...)
{
    char message[MESSAGE_MAX], suffix[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    snprintf(suffix, sizeof(suffix), "; try '%s --help'", cli_program);
    write_line(message, suffix);
    return RN_EXIT_TROUBLE;
}

/* A file opened later must not get a standard descriptor's number. Opened for the wrong direction,
 * so that using one still fails. */
static void keep_standard_descriptors(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
            exit(RN_EXIT_TROUBLE);
}

void cli_start(int argc, char **argv)
{
    keep_standard_descriptors();
    if (argc > 0 && argv[0] && argv[0][0]) {
        const char *slash = strrchr(argv[0], '/');
        cli_program = slash && slash[1] ? slash + 1 : argv[0];
    }
    /* Character types only: numbers in output have a decimal point whatever the locale. */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_DFL);
}

static int print_and_check(const char *text)
{
    struct cli_output *output = cli_output_open(NULL);
    struct rn_buf buf = RN_BUF_INIT;
    if (!output)
        return RN_EXIT_TROUBLE;
    rn_buf_text(&buf, text);
    bool written = cli_output_close(output, &buf);
    rn_buf_free(&buf);
    return written ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

int cli_version(void)
{
    char text[128];
    snprintf(text, sizeof(text), "%s (Renacer) %s\n", cli_program, RN_VERSION);
    return print_and_check(text);
}

int cli_help(const char *text)
{
    return print_and_check(text);
}

bool cli_common(int letter, const char *help, bool *done, int *status)
{
    switch (letter) {
    case 'q':
        cli_quiet = true;
        return true;
    case 'v':
        cli_verbose++;
        return true;
    case 'h':
        *status = cli_help(help);
        break;
    case 'V':
        *status = cli_version();
        break;
    default:
        return false;
    }
    *done = true;
    return true;
}
