/* SPDX-License-Identifier: MIT */
/* Inside the pictures: what plot.c (common to all), plot_read.c (reading) and one file for each
 * picture share. */
#ifndef RN_PLOT_PRIVATE_H
#define RN_PLOT_PRIVATE_H

#include "formats/id_map.h"
#include "plot.h"
#include "summary.h"
#include "trace.h"

/* ---- plot_bins.c: amounts over time, of unknown length ---- */

/* Bins of equal width, which doubles, two becoming one, whenever time goes beyond the last of them.
 * What lasts is spread evenly over the bins that it touches, in constant time. */
struct plot_bins {
    unsigned capacity;            /* bins; a power of two */
    unsigned lanes;               /* amounts that are kept apart */
    uint64_t width_ns;            /* a power of two */
    uint64_t origin_ns, limit_ns; /* time that the first one begins at; time beyond is cut off */
    uint64_t used, end_ns;        /* plot_bins_finish */
    double *amount;               /* [lane * capacity + bin] */
    double *change;               /* likewise: is added to this bin and all behind it */
};
bool plot_bins_init(struct plot_bins *bins, unsigned capacity,
                    unsigned lanes); /* false: no memory */
void plot_bins_free(struct plot_bins *bins);
void plot_bins_add(struct plot_bins *bins, unsigned lane, uint64_t start_ns, uint64_t end_ns,
                   double amount);
/* Widen to at least that width. */
void plot_bins_widen(struct plot_bins *bins, uint64_t width_ns);
/* Settle what is in `change`: amounts can be read then, and more be added later. */
void plot_bins_settle(struct plot_bins *bins);
/* Settled bins of the same number of lanes; `into` takes the greater width. */
void plot_bins_merge(struct plot_bins *into, struct plot_bins *from);
/* To be read: settle, widen so that times up to end_ns take at most `count` bins, and put what is
 * left for less than half a bin at the end into the one before it. How many bins there are. */
uint64_t plot_bins_finish(struct plot_bins *bins, uint64_t end_ns, unsigned count);
/* Where a bin begins; where it ends, which of the last one is end_ns. */
static inline uint64_t plot_bins_begin(const struct plot_bins *bins, uint64_t bin)
{
    return bins->origin_ns + bin * bins->width_ns;
}
uint64_t plot_bins_end(const struct plot_bins *bins, uint64_t bin);
static inline double plot_bins_seconds(const struct plot_bins *bins, uint64_t bin)
{
    return (double)(plot_bins_end(bins, bin) - plot_bins_begin(bins, bin)) / 1e9;
}
static inline double plot_bins_get(const struct plot_bins *bins, unsigned lane, uint64_t bin)
{
    return bin < bins->capacity ? bins->amount[(size_t)lane * bins->capacity + bin] : 0;
}

/* ---- plot_table.c ---- */

struct rn_plot_table *plot_table_add(struct rn_plot_picture *picture, const char *name,
                                     const struct rn_plot_column *columns, unsigned count);
/* A row of zeros, to be filled; NULL without memory. Borrowed until the next one. */
union rn_plot_cell *plot_table_row(struct rn_plot_table *table);
/* Number of the series, from 1, made if it is new; the last one there can be takes all others. */
unsigned plot_series_add(struct rn_plot_picture *picture, const char *name, uint32_t color);
/* A table of rates over time, in bytes a second, and the rows of a lane of finished bins: one more
 * than there are bins ends the line. The greatest of them, or what `most` is. */
struct rn_plot_table *plot_rates_add(struct rn_plot_picture *picture, const char *name);
double plot_rates_put(struct rn_plot *plot, struct rn_plot_table *table,
                      const struct plot_bins *bins, unsigned lane, unsigned series, double most);
/* A row has this name: makes label_width as wide as it is when it is shown. */
void plot_label(struct rn_plot *plot, const char *name);
extern const uint32_t plot_palette[]; /* PLOT_PALETTE colours for what has none of its own */
#define PLOT_PALETTE        8u
#define PLOT_COLUMNS(array) (array), (unsigned)(sizeof(array) / sizeof((array)[0]))
/* Wider apart than 0, for an axis. */
void plot_axis_join(struct rn_plot_axis *into, const struct rn_plot_axis *axis);

/* Room for a bin of time to hold some events, so that a rate is one; 24 to `most`. */
unsigned plot_bin_count(uint64_t events, unsigned most);

/* Durations on a logarithmic scale: four bins for each doubling. */
#define PLOT_DURATIONS 240u
double plot_duration_low(unsigned bin); /* ns; where the next one begins it ends */
unsigned plot_duration_bin(uint64_t ns);

/* ---- plot_category.c: what kind of work an event is ---- */

enum plot_category {
    PLOT_FILES,
    PLOT_NETWORK,
    PLOT_MEMORY,
    PLOT_PROCESSES,
    PLOT_WAITING,
    PLOT_OTHER_CALLS,
    PLOT_API_CALLS,
    PLOT_KERNELS,
    PLOT_TRANSFERS,
    PLOT_BLOCKS,
    PLOT_SPANS, /* of imported traces */
    PLOT_CATEGORIES
};
/* The kinds of events that have one. */
#define PLOT_WORK                                                                                  \
    (1ull << RN_KIND_SYSCALL | 1ull << RN_KIND_API | 1ull << RN_KIND_KERNEL |                      \
     1ull << RN_KIND_TRANSFER | 1ull << RN_KIND_BLOCK | 1ull << RN_KIND_SPAN)
extern const struct rn_plot_series plot_categories[PLOT_CATEGORIES];
enum plot_category plot_category_of_call(uint64_t abi, uint64_t nr);
/* Does the call return how many bytes it moved: 1 read, 2 wrote, 0 no. */
unsigned plot_moves_bytes(uint64_t abi, uint64_t nr);

/* ---- plot_read.c ---- */

/* One selected event. Times since the recording began. */
struct plot_sample {
    uint8_t kind;
    uint64_t stream;
    uint64_t start_ns, end_ns;
    uint64_t abi, nr, ret;        /* of system calls, whose `event` is NULL */
    const struct rn_event *event; /* of all others */
};
/* What of the two is asked for with every system call, kept. */
struct plot_call {
    uint8_t known, category, moves;
};
const struct plot_call *plot_call_of(struct rn_plot *plot, uint64_t abi, uint64_t nr);
enum plot_category plot_category_of(struct rn_plot *plot, const struct plot_sample *sample);
RN_MUST_CHECK enum rn_status plot_read_samples(struct rn_plot *plot, struct rn_reader *reader,
                                               struct rn_error *err);

/* ---- plot.c ---- */

/* What makes a picture of one type. */
struct plot_method {
    const char *name, *title;
    uint64_t kinds;        /* bits: events that it is fed with; 0: it reads by `read` */
    enum rn_summary_by by; /* of the summary that `read` makes */
    RN_MUST_CHECK bool (*begin)(struct rn_plot *plot); /* false: no memory */
    RN_MUST_CHECK enum rn_status (*add)(struct rn_plot *plot, const struct plot_sample *sample,
                                        struct rn_error *err);
    /* A PROCESS or STREAM row has been fed to the trace, or there is an EDGE, whatever is selected;
     * may be NULL. */
    void (*note)(struct rn_plot *plot, const struct rn_event *event);
    /* Plots of one type: with axes and series in common. */
    RN_MUST_CHECK enum rn_status (*finish)(struct rn_plot *const *plots, unsigned count,
                                           struct rn_error *err);
    void (*free)(struct rn_plot *plot);
};
extern const struct plot_method plot_timeline, plot_histogram, plot_cdf, plot_heatmap,
    plot_throughput, plot_flame, plot_bandwidth, plot_models, plot_spacetime;

#define PLOT_CALL_NUMBERS 1024u
struct plot_stream {
    uint64_t stream;
    bool valid, selected;
};
#define PLOT_STREAM_CACHE 256u

struct rn_plot {
    const struct plot_method *method;
    const struct rn_filter *filter; /* NULL: everything */
    struct rn_plot_picture picture;
    char *source, *command;             /* of the picture */
    const struct rn_manifest *manifest; /* while it is read */
    struct rn_trace *trace;             /* the same */
    struct rn_summary *summary;         /* of histogram, cdf, flame */
    struct rn_summary_totals totals;
    uint64_t first_ns, end_ns; /* the first begin, the latest end of an event */
    bool any, no_memory;
    bool stacks; /* were recorded */
    struct plot_stream streams[PLOT_STREAM_CACHE];
    struct plot_call calls[RN_ABI_COUNT][PLOT_CALL_NUMBERS];
    void *state; /* of the method */
    void *texts; /* what cells point to: a list */
};

/* Bins for the time that is selected. */
RN_MUST_CHECK bool plot_bins_new(const struct rn_plot *plot, struct plot_bins *bins,
                                 unsigned capacity, unsigned lanes);
/* A copy that lives as long as the plot; NULL without memory (no_memory is then set). */
const char *plot_keep(struct rn_plot *plot, const char *text, size_t length);
/* The last moment of what was read that is drawn. */
uint64_t plot_end_ns(const struct rn_plot *plot);
/* The range of time that is drawn: what was selected, or all up to the last event, without what is
 * empty before the first one, where that is much. */
void plot_time_axis(const struct rn_plot *plot, struct rn_plot_axis *axis);
/* Append a sentence to the picture's note. */
void plot_note(struct rn_plot *plot, const char *format, ...) RN_PRINTF(2, 3);
/* Some `what` to draw is missing: RN_E_USAGE, with the name of the recording. */
enum rn_status plot_nothing(const struct rn_plot *plot, const char *what, struct rn_error *err);

#endif
