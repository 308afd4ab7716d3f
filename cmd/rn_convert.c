/* SPDX-License-Identifier: MIT */
/* rn-convert: recordings from and to files of other tools. */
#include "cli_convert.h"
#include "cli_remove.h"

#include "formats/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: rn-convert [--from FORMAT] [--keep-going] -o OUT.rna FILE\n"
    "       rn-convert [--to FORMAT] [selection] -o OUT FILE\n"
    "Make a recording of a file of another tool, or the other way round.\n"
    "\n"
    "      --from FORMAT      what FILE is (default: recognised by its content)\n"
    "      --keep-going       leave out what is malformed, and count it\n"
    "      --list             name the formats\n"
    "  -o, --output OUT       what to write; '-' is standard output\n"
    "      --partition KEYS   directories below OUT: day, host, or day,host (avro)\n"
    "      --to FORMAT        what to write (default: by the end of OUT's name)\n"
    "\n";
static const char help_end[] = "\n"
                               "  -q, --quiet   no warnings      -h, --help      this text\n"
                               "  -v, --verbose more messages    -V, --version   version\n"
                               "\n"
                               "Ends with 0 where all was converted, 1 where malformed pieces were "
                               "left out, 2 where there was\n"
                               "trouble.\n";

enum { OPT_FROM_FORMAT = CLI_OPT_OWN, OPT_KEEP_GOING, OPT_LIST, OPT_PARTITION, OPT_TO_FORMAT };

static const struct option options[] = {
    /* Not CLI_SELECT_LONG: --from and --to are formats here. */
    {"expr", required_argument, NULL, 'e'},
    {"pid", required_argument, NULL, 'p'},
    {"tid", required_argument, NULL, CLI_OPT_TID},
    {"kind", required_argument, NULL, CLI_OPT_KIND},
    {"min-duration", required_argument, NULL, CLI_OPT_MIN_DURATION},
    CLI_COMMON_LONG,
    {"from", required_argument, NULL, OPT_FROM_FORMAT},
    {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
    {"list", no_argument, NULL, OPT_LIST},
    {"output", required_argument, NULL, 'o'},
    {"partition", required_argument, NULL, OPT_PARTITION},
    {"to", required_argument, NULL, OPT_TO_FORMAT},
    {NULL, 0, NULL, 0},
};
static const char selection_help[] =
    "Selection (of a recording that is read):\n"
    "  -e, --expr EXPR          only events that EXPR selects, see rn-filter(7)\n"
    "      --kind KIND          short for -e kind=KIND\n"
    "      --min-duration TIME  only events that took at least TIME\n"
    "  -p, --pid PID            only this process\n"
    "      --tid TID            only this thread\n";

static int list_formats(void)
{
    struct cli_output *output = cli_output_open(NULL);
    struct rn_buf text = RN_BUF_INIT;
    bool fine;

    rn_buf_text(&text, "from:\n");
    for (size_t i = 0; rn_import_formats[i]; i++)
        rn_buf_printf(&text, "  %-14s %s\n", rn_import_formats[i]->name,
                      rn_import_formats[i]->text);
    rn_buf_text(&text, "to:\n");
    for (size_t i = 0; cli_export_formats[i]; i++)
        rn_buf_printf(&text, "  %-14s %s (%s)\n", cli_export_formats[i]->name,
                      cli_export_formats[i]->text, cli_export_formats[i]->suffix);
    fine = output && cli_output_close(output, &text);
    rn_buf_free(&text);
    return fine ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

static bool ends_as_recording(const char *path)
{
    size_t length = strlen(path);

    return length > 4 && strcmp(path + length - 4, ".rna") == 0;
}

/* A file that begins as an archive does (the magic of POSIX pax tar), or the directory of one that
 * is not sealed. A pipe is not opened to look: that would be its only reader, which goes away. */
static bool is_recording(const char *path)
{
    char head[512] = "", archive[PATH_MAX];
    struct stat st;
    bool is;
    int fd;

    if (stat(path, &st) != 0)
        return ends_as_recording(path);
    if (S_ISDIR(st.st_mode))
        return (size_t)snprintf(archive, sizeof archive, "%s/archive", path) < sizeof archive &&
               access(archive, F_OK) == 0;
    if (!S_ISREG(st.st_mode) || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return false;
    is = pread(fd, head, sizeof head, 0) == sizeof head && !memcmp(head + 257, "ustar", 5);
    close(fd);
    return is;
}

/* What is not said: by the names, and what the file begins with. False after a message. */
static bool complete(struct cli_convert *convert, const char *path)
{
    const struct cli_export_format *format;

    if (!convert->to) {
        format = cli_export_format_of(convert->output_path);
        convert->to = format                                    ? format->name
                      : ends_as_recording(convert->output_path) ? "rna"
                                                                : NULL;
    }
    if (!convert->from && strcmp(path, "-") == 0 && convert->to && strcmp(convert->to, "rna") != 0)
        convert->from = "rna";
    if (!convert->from && strcmp(path, "-") != 0 && is_recording(path))
        convert->from = "rna";
    if (!convert->to && !(convert->from && strcmp(convert->from, "rna") == 0))
        convert->to = "rna";
    if (!convert->to)
        cli_usage("the name '%s' does not say what to write: use --to", convert->output_path);
    return convert->to;
}

static bool check_names(const struct cli_convert *convert, const char *path)
{
    bool from_recording = convert->from && strcmp(convert->from, "rna") == 0;
    bool to_recording = strcmp(convert->to, "rna") == 0;

    if (convert->from && !from_recording && !rn_import_format_named(convert->from))
        cli_usage("--from '%s' is no format that can be read; --list names them", convert->from);
    else if (!to_recording && !cli_export_format_named(convert->to))
        cli_usage("--to '%s' is no format that can be written; --list names them", convert->to);
    else if (from_recording && to_recording && strcmp(path, "-") != 0 && access(path, R_OK) != 0)
        cli_fail("%s: cannot open: %s", path, strerror(errno));
    else if (from_recording && to_recording)
        cli_usage(
            "from a recording to a recording there is nothing to convert; see rn-scrub(1) and "
            "rn-merge(1)");
    else if (convert->partition &&
             (to_recording || !cli_export_format_named(convert->to)->partitions))
        cli_usage("--partition is for --to avro");
    else
        return true;
    return false;
}

/* From one foreign format to another: by way of a recording that is thrown away. */
static int through_recording(const struct cli_convert *convert, const char *path)
{
    struct rn_buf name = RN_BUF_INIT;
    int status = RN_EXIT_TROUBLE, exported;
    size_t length;
    bool made;

    rn_buf_printf(&name, "%s/rn-convert.XXXXXX", rn_temporary_directory());
    rn_buf_byte(&name, 0);
    cli_remove_defer();
    made = !name.failed && mkdtemp((char *)name.data);
    if (made)
        cli_remove_on_signal((char *)name.data, CLI_REMOVE_TREE);
    cli_remove_resume();
    if (!made) {
        cli_fail("cannot make a directory in TMPDIR: %s", strerror(errno));
        rn_buf_free(&name);
        return status;
    }
    length = name.size - 1;
    name.size = length;
    rn_buf_text(&name, "/recording.rna");
    rn_buf_byte(&name, 0);
    if (name.failed)
        cli_fail("out of memory");
    else
        status = cli_convert_import(convert, path, (char *)name.data);
    if (status != RN_EXIT_TROUBLE) {
        exported = cli_convert_export(convert, (char *)name.data);
        status = exported == RN_EXIT_OK ? status : exported;
    }
    name.data[length] = 0;
    cli_remove_now((char *)name.data);
    rn_buf_free(&name);
    return status;
}

static int convert_file(struct cli_convert *convert, const char *path)
{
    if (!complete(convert, path) || !check_names(convert, path))
        return RN_EXIT_TROUBLE;
    if (strcmp(convert->to, "rna") == 0)
        return cli_convert_import(convert, path, convert->output_path);
    if (convert->from && strcmp(convert->from, "rna") == 0)
        return cli_convert_export(convert, path);
    return through_recording(convert, path);
}

static void set_option(struct cli_convert *convert, int letter)
{
    switch (letter) {
    case OPT_FROM_FORMAT:
        convert->from = optarg;
        break;
    case OPT_TO_FORMAT:
        convert->to = optarg;
        break;
    case OPT_KEEP_GOING:
        convert->keep_going = true;
        break;
    case OPT_PARTITION:
        convert->partition = optarg;
        break;
    default:
        convert->output_path = optarg;
        break;
    }
}

/* -1: go on; else the exit status. */
static int parse(struct cli_convert *convert, int argc, char **argv)
{
    static char whole_help[4096];
    int letter, status = -1;
    bool done = false, list = false;

    snprintf(whole_help, sizeof whole_help, "%s%s%s", help, selection_help, help_end);
    while ((letter = cli_getopt(argc, argv, "e:o:p:" CLI_COMMON_SHORT, options)) != -1) {
        if (letter == '?')
            return RN_EXIT_TROUBLE;
        if (letter == OPT_LIST)
            list = true;
        else if (!cli_select(convert->filter, letter, optarg, &status) &&
                 !cli_common(letter, whole_help, &done, &status))
            set_option(convert, letter);
        if (done || status == RN_EXIT_TROUBLE)
            return status;
    }
    if (list && (optind < argc || convert->output_path))
        return cli_usage("--list names the formats: it takes no file");
    if (list)
        return list_formats();
    if (optind == argc)
        return cli_usage("no file given ('-' is standard input)");
    if (optind + 1 < argc)
        return cli_usage("one file at a time; '%s' is a second one", argv[optind + 1]);
    if (!convert->output_path)
        return cli_usage("name the file to write with -o ('-' is standard output)");
    return -1;
}

int main(int argc, char **argv)
{
    struct cli_convert convert = {.filter = rn_filter_new()};
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!convert.filter)
        cli_fail("out of memory");
    else
        status = parse(&convert, argc, argv);
    if (status < 0)
        status = convert_file(&convert, argv[optind]);
    rn_filter_free(convert.filter);
    return status;
}
