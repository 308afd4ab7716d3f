/* SPDX-License-Identifier: MIT */
/* rn-cat: print the events of recordings. */
#include "cli_cat.h"

#include "libanalysis/render.h"

#include <string.h>

enum { OPT_JSON = CLI_OPT_OWN, OPT_CSV };

static const struct option options[] = {
    CLI_SELECT_LONG,
    CLI_COMMON_LONG,
    CLI_LOCATE_DEBUGINFOD_LONG,
    CLI_SOURCE_MAP_LONG,
    {"count", required_argument, NULL, 'n'},
    {"csv", no_argument, NULL, OPT_CSV},
    {"descriptors", no_argument, NULL, 'y'},
    {"durations", no_argument, NULL, 'T'},
    {"json", no_argument, NULL, OPT_JSON},
    {"output", required_argument, NULL, 'o'},
    {"relative", no_argument, NULL, 'r'},
    {"site", no_argument, NULL, 'i'},
    {"stack", no_argument, NULL, 'k'},
    {"strings", required_argument, NULL, 's'},
    {"time", no_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

struct cat {
    struct rn_filter *filter;
    struct rn_render_options text;
    struct rn_render *render;
    enum format format;
    uint64_t limit, printed;
    const char *output_path;
    struct cli_output *output;
    struct rn_buf buf;
    bool trouble;
    bool stacks;                /* -k */
    struct rn_locator *locator; /* NULL without */
    struct cli_locate locate;
};

/* Calls that had not returned when the latest member was written, as text. */
struct inflight {
    struct rn_buf buf;
    uint64_t events;
};

static void render(const struct cat *cat, struct rn_trace *trace, const struct rn_event *event,
                   struct rn_buf *out)
{
    switch (cat->format) {
    case FORMAT_JSON:
        rn_render_json(trace, event, out);
        break;
    case FORMAT_CSV:
        rn_render_csv(trace, event, out);
        break;
    case FORMAT_TEXT:
        rn_render_text(cat->render, trace, event, out);
        break;
    }
}

/* A call in flight is restated in each member until it returns: only the last statement counts. */
static void keep_inflight(struct cat *cat, struct cli_source *source, struct inflight *inflight,
                          const struct rn_event *event)
{
    struct rn_event call = *event;
    call.kind = RN_KIND_SYSCALL;
    call.flags |= RN_EVENT_UNFINISHED;
    if (!cli_source_selects(source, cat->filter, &call))
        return;
    render(cat, source->trace, &call, &inflight->buf);
    inflight->events++;
}

static void print_event(struct cat *cat, struct cli_source *source, struct inflight *inflight,
                        const struct rn_event *event)
{
    if (event->kind == RN_KIND_INFLIGHT) {
        keep_inflight(cat, source, inflight, event);
        return;
    }
    rn_buf_clear(&inflight->buf);
    inflight->events = 0;
    if (!RN_KIND_IS_EVENT(event->kind) || event->flags & RN_EVENT_SNAPSHOT ||
        !cli_source_selects(source, cat->filter, event))
        return;
    size_t before = cat->buf.size;
    struct rn_event mapped;
    if (cat->locate.maps && rn_source_maps_event(cat->locate.maps, event, &mapped))
        event = &mapped;
    render(cat, source->trace, event, &cat->buf);
    if (cat->buf.size > before && cat->format != FORMAT_CSV)
        cli_cat_stack(cat->locator, event, cat->format == FORMAT_JSON, &cat->buf);
    cat->printed += cat->buf.size > before;
}

static void print_inflight(struct cat *cat, const struct inflight *inflight)
{
    if (cat->limit - cat->printed < inflight->events)
        return;
    rn_buf_append(&cat->buf, inflight->buf.data, inflight->buf.size);
    cat->printed += inflight->events;
}

/* What there is of a program that is still running is shown before more is waited for. */
static bool flush(struct cat *cat, const struct cli_source *source)
{
    if (rn_reader_may_wait(source->reader) && cat->buf.size)
        return cli_output_write(cat->output, &cat->buf);
    return cli_output_flush_some(cat->output, &cat->buf);
}

/* RN_OK where the limit was reached, RN_EOF at the end, else after a message. */
static enum rn_status print_events(struct cat *cat, struct cli_source *source,
                                   struct inflight *inflight)
{
    struct rn_event event;
    while (cat->printed < cat->limit) {
        enum rn_status status = cli_source_next(source, &event);
        if (status == RN_OK) {
            print_event(cat, source, inflight, &event);
            status = cli_source_feed(source, &event);
            if (cat->locator && status == RN_OK)
                status = cli_cat_stack_feed(cat->locator, &event);
        }
        if (status == RN_EOF)
            print_inflight(cat, inflight);
        if (status != RN_OK && status != RN_E_FORMAT)
            return status;
        if (!flush(cat, source))
            return RN_E_SYSTEM;
    }
    return RN_OK;
}

/* False: stop altogether. */
static bool print_file(struct cat *cat, const char *path)
{
    struct cli_source source;
    struct inflight inflight = {.buf = RN_BUF_INIT};
    enum rn_status status = RN_E_FORMAT;
    cat->render = rn_render_new(&cat->text);
    if (!cat->render)
        cli_fail("out of memory");
    bool open = cli_source_open(&source, path, cat->stacks ? NULL : cat->filter) && cat->render;
    if (open && cat->stacks)
        open = (cat->locator = cli_cat_stack_open(&source, &cat->locate.options)) != NULL;
    if (open) {
        status = print_events(cat, &source, &inflight);
        if (status == RN_EOF)
            cli_source_warn(&source);
    }
    if ((status != RN_OK && status != RN_EOF) || source.damage)
        cat->trouble = true;
    rn_buf_free(&inflight.buf);
    rn_render_free(cat->render);
    cat->trouble |= !cli_cat_stack_close(cat->locator);
    cat->locator = NULL;
    cli_source_close(&source);
    return status == RN_EOF || status == RN_E_FORMAT;
}

static int print_files(struct cat *cat, char **paths)
{
    cat->output = cli_output_open(cat->output_path);
    if (!cat->output)
        return RN_EXIT_TROUBLE;
    if (cat->format == FORMAT_CSV)
        rn_render_csv_header(&cat->buf);
    for (bool go_on = true; *paths && go_on; paths++)
        go_on = print_file(cat, *paths);
    /* A file that was there is not replaced by the output of a failure. */
    if (cat->trouble && cat->printed == 0) {
        cli_output_abandon(cat->output);
        return RN_EXIT_TROUBLE;
    }
    bool written = cli_output_close(cat->output, &cat->buf);
    return written && !cat->trouble ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

static bool set_number(const char *argument, uint64_t most, const char *name, uint64_t *value)
{
    if (cli_parse_number(argument, value) && *value <= most)
        return true;
    cli_usage("%s '%s' is not a number from 0 to %llu", name, argument, (unsigned long long)most);
    return false;
}

static bool set_format(struct cat *cat, enum format format)
{
    if (cat->format != FORMAT_TEXT && cat->format != format) {
        cli_usage("--json and --csv exclude each other");
        return false;
    }
    cat->format = format;
    return true;
}

/* False after a message. */
static bool set_option(struct cat *cat, int letter)
{
    uint64_t number;
    switch (letter) {
    case 't':
        if (cat->text.time < RN_TIME_OF_DAY || cat->text.time >= RN_TIME_EPOCH_US)
            cat->text.time = RN_TIME_OF_DAY;
        else
            cat->text.time++;
        return true;
    case 'r':
        cat->text.time = RN_TIME_RELATIVE;
        return true;
    case 'T':
        cat->text.durations = true;
        return true;
    case 'y':
        cat->text.descriptors = true;
        return true;
    case 'i':
        cat->text.site = true;
        return true;
    case 'k':
        cat->stacks = true;
        return true;
    case 's':
        if (!set_number(optarg, UINT32_MAX, "-s", &number))
            return false;
        cat->text.string_limit = (uint32_t)number;
        return true;
    case 'n':
        return set_number(optarg, UINT64_MAX, "-n", &cat->limit);
    case 'o':
        cat->output_path = optarg;
        return true;
    case OPT_JSON:
        return set_format(cat, FORMAT_JSON);
    case OPT_CSV:
        return set_format(cat, FORMAT_CSV);
    default:
        return false;
    }
}

/* Who asks for a kind of events wants to see it, also where strace would not show it. */
static bool asks_for_kind(int letter)
{
    return letter == CLI_OPT_KIND || (letter == 'e' && strstr(optarg, "kind="));
}

/* -1: go on; else the exit status. */
static int parse(struct cat *cat, int argc, char **argv)
{
    static const char letters[] = CLI_SELECT_SHORT CLI_COMMON_SHORT "ikn:o:rs:tTy";
    static char whole_help[8192];
    int letter, status = -1;
    bool done = false;
    snprintf(whole_help, sizeof(whole_help), "%s%s%s", cli_cat_help, cli_select_help,
             cli_cat_help_end);
    while (status < 0 && !done && (letter = cli_getopt(argc, argv, letters, options)) != -1) {
        cat->text.all |= asks_for_kind(letter);
        if (cli_select(cat->filter, letter, optarg, &status) ||
            cli_common(letter, whole_help, &done, &status) ||
            cli_locate_option(&cat->locate, letter, optarg, &status))
            continue;
        if (!set_option(cat, letter))
            status = RN_EXIT_TROUBLE;
    }
    cat->text.all |= cli_verbose > 0;
    if (status < 0)
        status = cli_locate_check(&cat->locate, cat->stacks, true, "-k");
    if (status < 0 && optind == argc)
        status = cli_usage("no recording given ('-' is standard input)");
    return status;
}

int main(int argc, char **argv)
{
    struct cat cat = {.filter = rn_filter_new(), .limit = UINT64_MAX, .buf = RN_BUF_INIT};
    cat.text.pid = true;
    cat.text.string_limit = 32;
    cli_start(argc, argv);
    int status = RN_EXIT_TROUBLE;
    if (!cat.filter)
        cli_fail("out of memory");
    else
        status = parse(&cat, argc, argv);
    if (status < 0)
        status = print_files(&cat, argv + optind);
    rn_buf_free(&cat.buf);
    cli_locate_free(&cat.locate);
    rn_filter_free(cat.filter);
    return status;
}
