/* SPDX-License-Identifier: MIT */
/* rn-plot: pictures of a recording, drawn by gnuplot, or the tables that they are made of. */
#include "cli_imported.h"
#include "cli_plot.h"
#include "cli_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: rn-plot [OPTION]... FILE [FILE2]\n"
    "Draw a picture of a recording; of two recordings, side by side with the same axes. gnuplot\n"
    "draws; with --data it is not needed.\n"
    "\n"
    "      --data               write the table that the picture is made of, tab-separated\n"
    "      --format FORMAT      png, svg, pdf (else as the name of the output ends: png)\n"
    "  -o, --output FILE        write to FILE, which appears when it is whole\n"
    "      --report FILE        write a report of the recording: one HTML file with tables,\n"
    "                           pictures and a time line to zoom\n"
    "      --scripts DIR        take the scripts for gnuplot from there\n"
    "      --size WxH           pixels of the picture (characters with --term)\n"
    "      --term               draw on the terminal, with characters\n"
    "  -t, --type TYPE          timeline (the default), histogram, cdf, heatmap, throughput,\n"
    "                           flame, bandwidth, models (of what rn-backend-fit --plot-data\n"
    "                           writes), spacetime (of what rn-merge writes)\n"
    "\n";

static const char help_end[] = "\n"
                               "  -q, --quiet   no warnings      -h, --help      this text\n"
                               "  -v, --verbose more messages    -V, --version   version\n";

enum { OPT_DATA = CLI_OPT_OWN, OPT_FORMAT, OPT_REPORT, OPT_SCRIPTS, OPT_SIZE, OPT_TERM };

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    {"data", no_argument, NULL, OPT_DATA},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"output", required_argument, NULL, 'o'},
    {"report", required_argument, NULL, OPT_REPORT},
    {"scripts", required_argument, NULL, OPT_SCRIPTS},
    {"size", required_argument, NULL, OPT_SIZE},
    {"term", no_argument, NULL, OPT_TERM},
    {"type", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

struct job {
    struct rn_filter *filter;
    enum rn_plot_type type;
    struct cli_plot_style style;
    const char *output_path, *report_path;
    bool data, term, has_format, has_type;
};

static const char *const formats[] = {
    [CLI_PLOT_PNG] = "png", [CLI_PLOT_SVG] = "svg", [CLI_PLOT_PDF] = "pdf"};

/* False where it is none of them. */
static bool find_format(struct job *job, const char *name)
{
    for (unsigned i = 0; i < CLI_PLOT_TERM; i++) {
        if (strcmp(formats[i], name) != 0)
            continue;
        job->style.format = i;
        return true;
    }
    return false;
}

static bool set_size(struct job *job, const char *text)
{
    char *end;
    unsigned long width = strtoul(text, &end, 10), height = 0;

    if (end != text && *end == 'x' && end[1] >= '0' && end[1] <= '9')
        height = strtoul(end + 1, &end, 10);
    if (*end || width < 20 || height < 10 || width > 20000 || height > 20000) {
        cli_usage("--size '%s' is not a size such as 1200x700", text);
        return false;
    }
    job->style.width = (unsigned)width;
    job->style.height = (unsigned)height;
    return true;
}

/* False after a message. */
static bool set_option(struct job *job, int letter)
{
    switch (letter) {
    case OPT_DATA:
        job->data = true;
        return true;
    case OPT_TERM:
        job->term = true;
        return true;
    case OPT_REPORT:
        job->report_path = optarg;
        return true;
    case OPT_SCRIPTS:
        job->style.scripts = optarg;
        return true;
    case OPT_SIZE:
        return set_size(job, optarg);
    case OPT_FORMAT:
        job->has_format = find_format(job, optarg);
        if (!job->has_format)
            cli_usage("--format '%s' is not png, svg or pdf", optarg);
        return job->has_format;
    case 't':
        job->type = rn_plot_type_from_name(optarg);
        job->has_type = true;
        if (job->type == RN_PLOT_TYPES)
            cli_usage("--type '%s' is none of the pictures", optarg);
        return job->type != RN_PLOT_TYPES;
    case 'o':
        job->output_path = optarg;
        return true;
    default:
        return false;
    }
}

/* Which form the output has; -1, or the exit status after a message. */
static int choose_format(struct job *job)
{
    const char *dot = job->output_path ? strrchr(job->output_path, '.') : NULL;

    if (job->data + job->term + job->has_format > 1)
        return cli_usage("--data, --term and --format exclude each other");
    if (job->term) {
        job->style.format = CLI_PLOT_TERM;
        job->style.color = !job->output_path && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
        return -1;
    }
    if (job->data || job->has_format)
        return -1;
    if (dot && find_format(job, dot + 1))
        return -1;
    if (job->output_path && strcmp(job->output_path, "-") != 0)
        return cli_usage("'%s' ends in none of .png, .svg and .pdf: --format says what to write",
                         job->output_path);
    if (isatty(STDOUT_FILENO))
        return cli_usage(
            "a picture is not for a terminal: -o FILE writes it to a file, --term draws "
            "with characters, --data writes the table");
    return -1;
}

/* -1, or the exit status after a message. */
static int check_report(const struct job *job, int operands, const char *path)
{
    if (job->data || job->term || job->has_format || job->has_type || job->output_path)
        return cli_usage(
            "--report FILE says what to write: --data, --term, --format, --type and -o "
            "do not go with it");
    if (operands > 1)
        return cli_usage("a report is of one recording");
    if (strcmp(path, "-") == 0)
        return cli_usage("a report reads the recording several times: put it into a file first");
    return -1;
}

/* -1: go on; else the exit status. */
static int parse(struct job *job, int argc, char **argv)
{
    static const char letters[] = CLI_SELECT_SHORT CLI_COMMON_SHORT "o:t:";
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;

    snprintf(whole_help, sizeof(whole_help), "%s%s%s", help, cli_select_help, help_end);
    while (status < 0 && !done && (letter = cli_getopt(argc, argv, letters, options)) != -1) {
        if (cli_select(job->filter, letter, optarg, &status) ||
            cli_common(letter, whole_help, &done, &status))
            continue;
        if (!set_option(job, letter))
            status = RN_EXIT_TROUBLE;
    }
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    if (status < 0 && argc - optind > 2)
        status = cli_usage("one recording, or two to compare");
    if (status < 0 && job->has_type && job->type == RN_PLOT_MODELS &&
        !rn_filter_is_empty(job->filter))
        status = cli_usage("-t models is of models, not of events: nothing is selected");
    if (status < 0)
        status =
            job->report_path ? check_report(job, argc - optind, argv[optind]) : choose_format(job);
    return status;
}

/* ---- the work ---- */

static bool put(const struct job *job, struct rn_plot *const *plots, unsigned count)
{
    const struct rn_plot_picture *pictures[2] = {NULL};
    struct cli_output *output = cli_output_open(job->output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool done = output;

    for (unsigned i = 0; i < count && output; i++) {
        pictures[i] = rn_plot_picture(plots[i]);
        if (!job->data)
            continue;
        if (count > 1)
            rn_buf_printf(&buf, "%s# recording %u\n\n\n", i ? "\n\n" : "", i + 1);
        rn_plot_data(pictures[i], &buf);
    }
    if (output && !job->data)
        done = cli_plot_draw(pictures, count, &job->style, &buf);
    if (done)
        done = cli_output_close(output, &buf);
    else
        cli_output_abandon(output);
    rn_buf_free(&buf);
    return done;
}

static void warn(const struct rn_plot *plot)
{
    const struct rn_plot_picture *picture = rn_plot_picture(plot);

    if (*picture->loss)
        cli_warn("%s: %s; 'rn-info' says more", picture->source, picture->loss);
}

static int run(const struct job *job, char **paths, unsigned count)
{
    const struct rn_plot_options of = {.type = job->type, .filter = job->filter};
    const struct cli_report report = {.path = paths[0],
                                      .output_path = job->report_path,
                                      .filter = job->filter,
                                      .style = &job->style};
    struct rn_plot *plots[2] = {NULL};
    struct rn_error err = RN_ERROR_INIT;
    bool whole = true, done = true;

    if (job->type == RN_PLOT_TIMELINE)
        rn_filter_set_overlapping(job->filter);
    if (job->report_path)
        return cli_report_write(&report);
    for (unsigned i = 0; i < count && done; i++) {
        plots[i] = cli_plot_read(&of, paths[i], &whole);
        done = plots[i];
    }
    if (done && rn_plot_finish(plots, count, &err) != RN_OK) {
        cli_error(&err);
        done = false;
    }
    if (done)
        done = put(job, plots, count);
    for (unsigned i = 0; i < count; i++) {
        if (done)
            warn(plots[i]);
        rn_plot_free(plots[i]);
    }
    return done && whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
    struct job job = {.filter = rn_filter_new()};
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!job.filter)
        cli_fail("out of memory");
    else
        status = parse(&job, argc, argv);
    if (status < 0) {
        status = run(&job, argv + optind, (unsigned)(argc - optind));
        for (char **path = argv + optind; *path; path++)
            cli_imported_warn(*path);
    }
    rn_filter_free(job.filter);
    return status;
}
