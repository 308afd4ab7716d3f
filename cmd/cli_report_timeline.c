/* SPDX-License-Identifier: MIT */
/* What the script of a report draws: the binned marks of the time line, and the longest events. */
#include "cli_report.h"
#include "cli_source.h"

#include "formats/escape.h"
#include "libanalysis/longest.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS     20000u
#define TABLE_ROWS 50u
#define CATEGORIES 16u

struct timeline {
    const struct cli_report *report;
    struct rn_plot *plot;
    const struct rn_plot_picture *picture;
    struct rn_longest *longest;
    const struct rn_plot_series *categories[CATEGORIES];
    size_t category_count;
    const char **names; /* different ones; borrowed */
    size_t name_count;
};

static const struct rn_plot_table *table_of(const struct rn_plot_picture *picture, const char *name)
{
    for (unsigned i = 0; i < picture->table_count; i++)
        if (strcmp(picture->tables[i].name, name) == 0)
            return &picture->tables[i];
    return NULL;
}

static const union rn_plot_cell *cell(const struct rn_plot_table *table, size_t row,
                                      const char *column)
{
    for (unsigned i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, column) == 0)
            return &table->cells[row * table->column_count + i];
    return NULL;
}

static double number(const struct rn_plot_table *table, size_t row, const char *column)
{
    const union rn_plot_cell *found = cell(table, row, column);

    return found ? found->number : 0;
}

static bool collect(struct timeline *timeline)
{
    struct rn_error err = RN_ERROR_INIT;
    struct cli_source source;
    struct rn_event event;
    enum rn_status status = RN_OK;
    bool opened = cli_source_open(&source, timeline->report->path, timeline->report->filter);

    while (opened && (status = cli_source_next(&source, &event)) != RN_EOF) {
        if (status == RN_E_FORMAT)
            continue;
        if (status == RN_OK && cli_source_selects(&source, timeline->report->filter, &event))
            status = rn_longest_add(timeline->longest, source.trace, &event, &err);
        if (status != RN_OK)
            break;
        status = cli_source_feed(&source, &event);
        if (status != RN_OK && status != RN_E_FORMAT)
            break;
    }
    if (opened && status != RN_EOF && err.status != RN_OK)
        cli_error(&err);
    cli_source_close(&source);
    return opened && status == RN_EOF;
}

static size_t category_number(struct timeline *timeline, const char *name,
                              const struct rn_plot_series *series)
{
    size_t i = 0;

    while (i < timeline->category_count && strcmp(timeline->categories[i]->name, name) != 0)
        i++;
    if (i == CATEGORIES)
        return 0;
    if (i == timeline->category_count)
        timeline->categories[timeline->category_count++] = series;
    return i;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Many events have one name: it is in the page once. */
static bool find_names(struct timeline *timeline, const struct rn_longest_event *events,
                       size_t count)
{
    size_t kept = 0;

    timeline->names = calloc(count + 1, sizeof *timeline->names);
    if (!timeline->names)
        return false;
    for (size_t i = 0; i < count; i++)
        timeline->names[i] = events[i].name;
    qsort(timeline->names, count, sizeof *timeline->names, by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(timeline->names[i], timeline->names[kept - 1]) != 0)
            timeline->names[kept++] = timeline->names[i];
    timeline->name_count = kept;
    return true;
}

static size_t name_number(const struct timeline *timeline, const char *name)
{
    const char **found =
        bsearch(&name, timeline->names, timeline->name_count, sizeof *timeline->names, by_text);

    return found ? (size_t)(found - timeline->names) : 0;
}

static void put_text(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static void put_rows(const struct timeline *timeline, struct rn_buf *out)
{
    const struct rn_plot_table *rows = table_of(timeline->picture, "rows");

    rn_buf_text(out, "\"rows\":[");
    for (size_t i = 0; rows && i < rows->rows; i++) {
        rn_buf_text(out, i ? ",{\"name\":" : "{\"name\":");
        put_text(out, cell(rows, i, "name")->text);
        rn_buf_text(out, "}");
    }
    rn_buf_text(out, "],\n");
}

static void put_marks(struct timeline *timeline, struct rn_buf *out)
{
    const struct rn_plot_table *marks = table_of(timeline->picture, "marks");

    rn_buf_text(out, "\"marks\":[");
    for (size_t i = 0; marks && i < marks->rows; i++) {
        size_t series = (size_t)number(marks, i, "series");
        const struct rn_plot_series *of = &timeline->picture->series[series ? series - 1 : 0];

        rn_buf_printf(out, "%s[%.0f,%zu,%.0f,%.0f,%.4g,%.0f]", i ? "," : "",
                      number(marks, i, "row") - 1, category_number(timeline, of->name, of),
                      number(marks, i, "from_ns"), number(marks, i, "to_ns"),
                      number(marks, i, "share"), number(marks, i, "events"));
    }
    rn_buf_text(out, "],\n");
}

/* SIZE_MAX: the stream has no row. */
static size_t row_of(const struct timeline *timeline, uint64_t stream)
{
    const struct rn_plot_table *rows = table_of(timeline->picture, "rows");

    for (size_t i = 0; rows && i < rows->rows; i++)
        if (number(rows, i, "stream") == (double)stream)
            return i;
    return SIZE_MAX;
}

static void put_events(struct timeline *timeline, const struct rn_longest_event *events,
                       size_t count, struct rn_buf *out)
{
    uint64_t stream = UINT64_MAX;
    bool any = false;
    size_t row = 0;

    rn_buf_text(out, "\"events\":[");
    for (size_t i = 0; i < count; i++) {
        const struct rn_longest_event *event = &events[i];

        if (event->stream != stream)
            row = row_of(timeline, event->stream);
        stream = event->stream;
        if (row == SIZE_MAX)
            continue;
        rn_buf_printf(out, "%s[%zu,%zu,%llu,%llu,%zu,", any ? "," : "", row,
                      category_number(timeline, event->category->name, event->category),
                      (unsigned long long)event->since_ns, (unsigned long long)event->duration_ns,
                      name_number(timeline, event->name));
        put_text(out, event->text);
        rn_buf_text(out, "]");
        any = true;
    }
    rn_buf_text(out, "],\n\"names\":[");
    for (size_t i = 0; i < timeline->name_count; i++) {
        rn_buf_text(out, i ? "," : "");
        put_text(out, timeline->names[i]);
    }
    rn_buf_text(out, "],\n");
}

static bool is_dark(uint32_t color)
{
    /* Luminance of ITU-R BT.601. */
    return 299 * (color >> 16 & 255) + 587 * (color >> 8 & 255) + 114 * (color & 255) < 128000;
}

static void put_categories(const struct timeline *timeline, struct rn_buf *out)
{
    rn_buf_text(out, "\"categories\":[");
    for (size_t i = 0; i < timeline->category_count; i++)
        rn_buf_printf(out, "%s{\"name\":\"%s\",\"color\":\"#%06x\",\"dark\":%s}", i ? "," : "",
                      timeline->categories[i]->name, timeline->categories[i]->color,
                      is_dark(timeline->categories[i]->color) ? "true" : "false");
    rn_buf_text(out, "],\n");
}

static void put_table(const struct rn_longest_event *events, size_t count, struct rn_buf *out)
{
    rn_buf_text(out,
                "<div class=scroll><table><caption>The longest events</caption>\n<thead><tr><th>"
                "what<th>took<th>at<th>event\n<tbody>\n");
    for (size_t i = 0; i < count && i < TABLE_ROWS; i++) {
        rn_buf_text(out, "<tr><td class=wide>");
        cli_report_text(out, events[i].text);
        rn_buf_text(out, "<td>");
        cli_report_duration(out, (double)events[i].duration_ns);
        rn_buf_printf(out, "<td>%.6f s<td>%llu:%llu\n", (double)events[i].since_ns / 1e9,
                      (unsigned long long)events[i].stream, (unsigned long long)events[i].ordinal);
    }
    rn_buf_text(out, "</table></div>\n");
}

static bool put_all(struct timeline *timeline, struct rn_buf *json, struct rn_buf *table)
{
    const struct rn_longest_event *events;
    size_t count;

    events = rn_longest_events(timeline->longest, &count);
    if (!find_names(timeline, events, count))
        return false;
    rn_buf_text(json, "{");
    put_rows(timeline, json);
    put_marks(timeline, json);
    put_events(timeline, events, count, json);
    put_categories(timeline, json);
    rn_buf_printf(json, "\"end\":%.0f}", timeline->picture->x.max);
    put_table(events, count, table);
    return !json->failed && !table->failed;
}

bool cli_report_timeline(const struct cli_report *report, struct rn_buf *json, struct rn_buf *table)
{
    const struct rn_plot_options options = {.type = RN_PLOT_TIMELINE, .filter = report->filter};
    struct timeline timeline = {.report = report, .longest = rn_longest_new(EVENTS)};
    struct rn_error err = RN_ERROR_INIT;
    bool whole, done = false;

    timeline.plot = cli_plot_read(&options, report->path, &whole);
    if (timeline.plot && rn_plot_finish(&timeline.plot, 1, &err) != RN_OK) {
        cli_error(&err);
    } else if (timeline.plot && timeline.longest) {
        timeline.picture = rn_plot_picture(timeline.plot);
        done = collect(&timeline) && put_all(&timeline, json, table);
    }
    free(timeline.names);
    rn_longest_free(timeline.longest);
    rn_plot_free(timeline.plot);
    return done;
}
