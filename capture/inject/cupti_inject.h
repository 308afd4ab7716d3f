/* SPDX-License-Identifier: MIT */
/* What the files of librn-cuda.so share: the library that the CUDA driver loads into a program
 * (CUDA_INJECTION64_PATH), and that records through CUPTI what ran on the program's devices.
 *
 * Threads: CUPTI asks for buffers in the program's threads, and hands full ones back in a thread of
 * its own or in whichever calls for them (rn_cupti_flush.c's, and the one that calls exit). Records
 * are decoded there, into the ring of that thread. In a child of fork nothing of this is used:
 * CUPTI does not work there, and its threads are gone. */
#ifndef RN_CUPTI_INJECT_H
#define RN_CUPTI_INJECT_H

#include "cupti_abi.h"
#include "producer_device.h"

#define RN_CUPTI_PATH_MAX 1024u
#define RN_CUPTI_WHY_MAX  512u

/* CUPTI as it was found; written once, before anything else uses it. */
struct rn_cupti {
    struct rn_cupti_functions call;
    uint32_t version;
    uint32_t pid;
    uint32_t epoch; /* of the process that records (rn_producer_epoch), 0: none does */
};
extern struct rn_cupti rn_cupti;

/* cupti_load.c: find libcupti and its functions. False: `why` says why not, as a sentence without
 * its end. */
bool rn_cupti_load(char why[RN_CUPTI_WHY_MAX]);
/* The CUDA version that belongs to a version of CUPTI: 11, 12... */
uint32_t rn_cupti_major(uint32_t version);

/* Is this still the process that began to record? */
bool rn_cupti_is_own_process(void);

/* cupti_buffers.c: what CUPTI asks for and hands back. */
/* Have CUPTI count on buffers that are all zero, where it can, before it asks for the first; or no
 * more. */
void rn_cupti_clear_buffers(bool by_us);
void rn_cupti_requested(uint8_t **buffer, size_t *size, size_t *max_records);
void rn_cupti_completed(void *context, uint32_t stream, uint8_t *buffer, size_t size, size_t used);
/* Records that CUPTI wrote where nobody reads, as it had to be given something, since the last
 * call; *unknown: some of them could not be counted. */
uint64_t rn_cupti_discarded(bool *unknown);

/* Pages of the program's memory that are known to be there; zero at first. */
#define RN_CUPTI_PAGES 32u
struct rn_cupti_pages {
    uintptr_t known[RN_CUPTI_PAGES]; /* their numbers */
    uint32_t count;
};

/* cupti_decode.c: record what one record of CUPTI's says, of at most `size` bytes. `pages` is for
 * the records of one buffer. */
void rn_cupti_decode(const void *record, size_t size, struct rn_cupti_pages *pages);
/* How many kernels and transfers had not ended when they were handed over. */
uint64_t rn_cupti_incomplete(void);
/* How many records were not understood, since the last call. */
uint64_t rn_cupti_unknown(void);

/* cupti_queues.c: CUPTI's clock, and who events are of. */
/* The clock, opened when it is first asked for. */
struct rn_producer_clock *rn_cupti_clock(void);
/* Read the clock, if it is time to, or in any case. */
void rn_cupti_clock_look(bool now);
/* CUPTI's present time, ns; 0: it does not say. */
uint64_t rn_cupti_now(void);
/* A time of CUPTI's in ticks of the recording, as near as the last reading tells: for events of the
 * program's threads, which have no clock of a device. */
uint64_t rn_cupti_thread_ticks(uint64_t time);
/* A stream of CUDA's, which its context and number tell from others, or with RN_CUPTI_NO_STREAM
 * what is of the context as a whole; a thread of the program. Where there are too many,
 * the rest share one. */
#define RN_CUPTI_NO_DEVICE  UINT32_MAX
#define RN_CUPTI_NO_CONTEXT UINT32_MAX
struct rn_producer_queue *rn_cupti_queue(uint32_t device, uint32_t context, uint32_t stream);
struct rn_producer_queue *rn_cupti_thread(uint32_t tid);
/* What is of no context. */
static inline struct rn_producer_queue *rn_cupti_process(void)
{
    return rn_cupti_queue(RN_CUPTI_NO_DEVICE, RN_CUPTI_NO_CONTEXT, RN_CUPTI_NO_STREAM);
}
/* What is known of a context, for the names of its streams: its device, and which is its default
 * stream. */
void rn_cupti_note_context(const struct rn_cupti_context *context);

/* cupti_names.c: the function of a call; never NULL. *chatter: it is asked for so often, and does
 * so little, that it is counted and not recorded. */
struct rn_cupti_name {
    const char *text;
    uint16_t size;
    uint16_t number; /* of the function among those of its interface */
    bool chatter;
};
const struct rn_cupti_name *rn_cupti_function(uint32_t domain, uint32_t function);
/* A text in the program's memory, which may not be there: at most `size` bytes are copied. Returns
 * how many; 0: it cannot be read. *cut: there was more. */
uint32_t rn_cupti_copy_text(char *out, uint32_t size, const char *text, bool *cut,
                            struct rn_cupti_pages *pages);

/* cupti_notes.c: sentences for whoever reads the recording. The format is snprintf's. */
void rn_cupti_note(enum rn_notice_code code, uint64_t value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Records that are not there, 0: an unknown number. */
void rn_cupti_lose(uint64_t count, const char *why);

/* cupti_flush.c: a thread that has CUPTI hand over what is complete, now and then. */
void rn_cupti_flush_begin(void);
/* All there is, complete or not; once, at the end of the program. */
void rn_cupti_flush_end(void);

#endif
