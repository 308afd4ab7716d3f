/* SPDX-License-Identifier: MIT */
/* starpu_regression HISTORY.db TRAINING.csv HELD-OUT.csv: predict times at sizes that were left
 * out, by librn-fit and by StarPU's own regression (a size^b + c), from the same samples. The CSV
 * files have operation,backend,isa,residency,elements,nanoseconds, ordered by the first five.
 * STARPU_PERF_MODEL_DIR names an empty directory. Prints a table of mean absolute log errors. */
#include "libanalysis/fit/history.h"

#include <math.h>
#include <starpu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SERIES 64u
#define MAX_TIMES  100000u
#define MAX_ROWS   4096u

struct series {
    char operation[64], backend[16], isa[64], residency[16];
    char symbol[192];
    struct starpu_perfmodel model;
    struct starpu_codelet codelet;
};

/* One size of one series in the held-out runs. */
struct row {
    unsigned series;
    size_t size;
    double ns, ours, theirs;
};

static struct series all[MAX_SERIES];
static unsigned series_count;
static struct row rows[MAX_ROWS];
static unsigned row_count;

static size_t size_of(struct starpu_task *task, unsigned implementation)
{
    (void)implementation;
    return *(size_t *)task->cl_arg;
}

static uint32_t footprint_of(struct starpu_task *task)
{
    return (uint32_t) * (size_t *)task->cl_arg;
}

static void never_run(void *buffers[], void *argument)
{
    (void)buffers;
    (void)argument;
}

static void set_model(struct series *series)
{
    memset(&series->model, 0, sizeof series->model);
    memset(&series->codelet, 0, sizeof series->codelet);
    series->model.type = STARPU_NL_REGRESSION_BASED;
    series->model.symbol = series->symbol;
    series->model.size_base = size_of;
    series->model.footprint = footprint_of;
    series->codelet.cpu_funcs[0] = never_run;
    series->codelet.model = &series->model;
}

static unsigned find_series(const struct series *wanted)
{
    for (unsigned i = 0; i < series_count; i++)
        if (strcmp(all[i].operation, wanted->operation) == 0 &&
            strcmp(all[i].backend, wanted->backend) == 0 && strcmp(all[i].isa, wanted->isa) == 0 &&
            strcmp(all[i].residency, wanted->residency) == 0)
            return i;
    if (series_count == MAX_SERIES)
        exit(2);
    all[series_count] = *wanted;
    snprintf(all[series_count].symbol, sizeof all[series_count].symbol, "%s_%s_%s_%s",
             wanted->operation, wanted->backend, wanted->isa, wanted->residency);
    return series_count++;
}

static bool read_line(FILE *file, struct series *series, size_t *size, double *ns)
{
    char line[512], *rest = line, *field;
    char *into[4] = {series->operation, series->backend, series->isa, series->residency};
    size_t room[4] = {sizeof series->operation, sizeof series->backend, sizeof series->isa,
                      sizeof series->residency};

    if (!fgets(line, sizeof line, file))
        return false;
    for (int i = 0; i < 4; i++) {
        field = strsep(&rest, ",");
        snprintf(into[i], room[i], "%s", field ? field : "");
    }
    field = strsep(&rest, ",");
    *size = field ? strtoul(field, NULL, 10) : 0;
    *ns = rest ? strtod(rest, NULL) : 0;
    return true;
}

static struct starpu_perfmodel_arch *arch(void)
{
    return starpu_worker_get_perf_archtype(0, STARPU_NMAX_SCHED_CTXS);
}

static struct starpu_task *task_of(struct series *series, size_t *size)
{
    struct starpu_task *task = starpu_task_create();

    task->cl = &series->codelet;
    task->cl_arg = size;
    task->cl_arg_size = sizeof *size;
    return task;
}

static void train(const char *path)
{
    FILE *file = fopen(path, "r");
    struct series series = {.operation = ""};
    size_t size;
    double ns;

    while (file && read_line(file, &series, &size, &ns)) {
        unsigned number = find_series(&series);
        struct starpu_task *task;

        if (!all[number].codelet.model)
            set_model(&all[number]);
        task = task_of(&all[number], &size);
        starpu_perfmodel_update_history(&all[number].model, task, arch(), 0, 0, ns / 1000);
        task->destroy = 0;
        starpu_task_destroy(task);
    }
    if (file)
        fclose(file);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Medians of all times of one series and size. */
static void read_rows(const char *path)
{
    static double times[MAX_TIMES];
    FILE *file = fopen(path, "r");
    struct series series = {.operation = ""};
    unsigned count = 0, at = MAX_SERIES;
    size_t size, last = 0;
    double ns;
    bool more = file != NULL;

    while (more) {
        unsigned number = MAX_SERIES;

        more = read_line(file, &series, &size, &ns);
        if (more)
            number = find_series(&series);
        if (count && (number != at || size != last) && row_count < MAX_ROWS) {
            qsort(times, count, sizeof *times, by_value);
            rows[row_count++] = (struct row){.series = at, .size = last, .ns = times[count / 2]};
            count = 0;
        }
        at = number;
        last = size;
        if (more && count < MAX_TIMES)
            times[count++] = ns;
    }
    if (file)
        fclose(file);
}

static void predict_theirs(void)
{
    for (unsigned i = 0; i < row_count; i++) {
        struct series *series = &all[rows[i].series];
        struct starpu_task *task = task_of(series, &rows[i].size);

        rows[i].theirs = starpu_task_expected_length(task, arch(), 0) * 1000;
        task->destroy = 0;
        starpu_task_destroy(task);
    }
}

static bool is_same(const struct rn_fit_series *fitted, const struct series *series)
{
    static const char *const backends[] = {"unknown", "scalar", "simd", "gpu"};
    static const char *const residencies[] = {"unknown", "cold", "resident"};

    return strcmp(fitted->operation, series->operation) == 0 &&
           strcmp(fitted->isa, series->isa) == 0 &&
           strcmp(backends[fitted->backend & 3], series->backend) == 0 &&
           strcmp(residencies[fitted->residency % 3], series->residency) == 0;
}

static bool predict_ours(const char *path)
{
    struct rn_history *history = NULL;
    struct rn_history_machine *machines = NULL;
    struct rn_fit *fit = rn_fit_new(NULL);
    size_t count = 0;
    bool done = fit && rn_history_open(path, false, &history, NULL) == RN_OK &&
                rn_history_machines(history, &machines, &count, NULL) == RN_OK && count == 1 &&
                rn_history_fill(history, machines[0].id, NULL, fit, NULL) == RN_OK &&
                rn_fit_run(fit, NULL) == RN_OK;

    for (unsigned i = 0; done && i < row_count; i++) {
        rows[i].ours = NAN;
        for (uint32_t s = 0; s < fit->series_count; s++)
            if (is_same(&fit->series[s], &all[rows[i].series]))
                rows[i].ours = rn_fit_time(&fit->series[s], (double)rows[i].size);
    }
    rn_history_machines_free(machines, count);
    rn_history_free(history);
    rn_fit_free(fit);
    return done;
}

/* Sizes that either has no answer for count for neither. */
static void compare(const char *operation, unsigned *better)
{
    double ours = 0, theirs = 0;
    unsigned count = 0, unanswered = 0;

    for (unsigned i = 0; i < row_count; i++) {
        if (strcmp(all[rows[i].series].operation, operation) != 0)
            continue;
        if (!(rows[i].theirs > 0) || !(rows[i].ours > 0)) {
            unanswered++;
            continue;
        }
        ours += fabs(log(rows[i].ours / rows[i].ns));
        theirs += fabs(log(rows[i].theirs / rows[i].ns));
        count++;
    }
    printf("%-10s %6u %10u %12.1f %% %12.1f %%\n", operation, count, unanswered,
           100 * expm1(ours / count), 100 * expm1(theirs / count));
    *better += ours < theirs;
}

int main(int argc, char **argv)
{
    static const char *const operations[] = {"saxpy", "sum", "dot", "conv3x3", "matmul"};
    unsigned better = 0;

    if (argc != 4) {
        fprintf(stderr, "usage: starpu_regression HISTORY.db TRAINING.csv HELD-OUT.csv\n");
        return 2;
    }
    if (starpu_init(NULL) != 0)
        return 2;
    train(argv[2]);
    /* It computes the regression when it writes the models, and uses it when it reads them. */
    starpu_shutdown();
    if (starpu_init(NULL) != 0)
        return 2;
    for (unsigned i = 0; i < series_count; i++)
        set_model(&all[i]);
    read_rows(argv[3]);
    predict_theirs();
    starpu_shutdown();
    if (!predict_ours(argv[1]))
        return 2;
    printf("%-10s %6s %10s %14s %14s\n", "operation", "sizes", "unanswered", "rn-backend-fit",
           "StarPU");
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        compare(operations[i], &better);
    printf("# mean error at sizes left out; rn-backend-fit is better for %u of 5\n", better);
    return 0;
}
