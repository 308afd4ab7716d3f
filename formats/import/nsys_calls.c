/* SPDX-License-Identifier: MIT */
/* Calls of libraries that have a table each and the same columns: spans of the thread that called.
 */
#include "nsys_private.h"

#include "formats/buf.h"

#include <inttypes.h>

enum { CALL_START, CALL_END, CALL_GLOBAL_TID, CALL_NAME, CALL_ARGUMENTS };

#define COLUMNS                                                                                    \
    {                                                                                              \
        "start", "end", "globalTid", "nameId|textId|name", "returnValue", "size|packedSize",       \
            "recvSize", "tag", "remoteRank", "rootRank"                                            \
    }
static const char *const arguments[] = {"returnValue", "size",     "recvSize", "tag",
                                        "remoteRank",  "rootRank", NULL};

/* NULL where none is told. */
static const char *arguments_of(struct rn_nsys *nsys, sqlite3_stmt *row)
{
    struct rn_buf *out = nsys->text;

    rn_buf_clear(out);
    for (int i = 0; arguments[i]; i++)
        if (rn_nsys_is(row, CALL_ARGUMENTS + i))
            rn_buf_printf(out, "%c\"%s\":%" PRId64, out->size ? ',' : '{', arguments[i],
                          (int64_t)rn_nsys_number(row, CALL_ARGUMENTS + i));
    if (!out->size)
        return NULL;
    rn_buf_text(out, "}");
    rn_buf_byte(out, 0);
    return out->failed ? NULL : (const char *)out->data;
}

static enum rn_status add_call(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN, .u.span.form = RN_SPAN_NESTED};
    enum rn_status status = rn_nsys_times(nsys, row, nsys->table->name, &event, err);

    if (status == RN_OK)
        status = rn_nsys_thread(nsys, rn_nsys_number(row, CALL_GLOBAL_TID), &event.stream, err);
    if (status != RN_OK)
        return status;
    return rn_nsys_add(nsys, &event, rn_nsys_string(nsys, row, CALL_NAME), nsys->table->category,
                       arguments_of(nsys, row), err);
}

#define CALLS(identifier, table, category)                                                         \
    static const struct rn_nsys_table identifier = {table, COLUMNS, 3, add_call, category}
CALLS(osrt, "OSRT_API", "osrt");
CALLS(mpi_messages, "MPI_P2P_EVENTS", "mpi");
CALLS(mpi_collectives, "MPI_COLLECTIVES_EVENTS", "mpi");
CALLS(mpi_waits, "MPI_START_WAIT_EVENTS", "mpi");
CALLS(mpi_others, "MPI_OTHER_EVENTS", "mpi");
CALLS(ucp_submits, "UCP_SUBMIT_EVENTS", "ucp");
CALLS(ucp_progress, "UCP_PROGRESS_EVENTS", "ucp");
CALLS(ucp_others, "UCP_EVENTS", "ucp");
CALLS(cublas, "CUBLAS_EVENTS", "cublas");
CALLS(cudnn, "CUDNN_EVENTS", "cudnn");
CALLS(graphs, "CUDA_GRAPH_EVENTS", "cuda graph");
CALLS(graph_nodes, "CUDA_GRAPH_NODE_EVENTS", "cuda graph");
CALLS(opengl, "OPENGL_API", "opengl");
CALLS(vulkan, "VULKAN_API", "vulkan");
CALLS(overhead, "PROFILER_OVERHEAD", "profiler");

const struct rn_nsys_table *const rn_nsys_call_tables[] = {
    &osrt,         &mpi_messages, &mpi_collectives, &mpi_waits, &mpi_others, &ucp_submits,
    &ucp_progress, &ucp_others,   &cublas,          &cudnn,     &graphs,     &graph_nodes,
    &opengl,       &vulkan,       &overhead,        NULL,
};
