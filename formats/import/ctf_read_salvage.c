/* SPDX-License-Identifier: MIT */
/* One file that is damaged keeps libbabeltrace2 from reading a trace at all. So each file is tried
 * by itself, in a directory where it is alone with the metadata, and only those that are fine are
 * put together, as symbolic links. Of one that has a bad packet, the packets before are
 * copied. */
#include "ctf_find.h"
#include "ctf_read_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MORE_PACKETS 16u
#define PACKET_MARK  20 /* bytes that all packets of a file begin with */

struct salvage {
    struct ctf_output *output;
    const bt_component_class_source *class;
    const char *scratch;
    unsigned traces;
    struct trial *trial;
};

/* Packets that have been read to their end. */
static bt_graph_simple_sink_component_consume_func_status
count_packets(bt_message_iterator *iterator, void *data)
{
    uint64_t *packets = data;
    bt_message_array_const messages;
    uint64_t count = 0;
    bt_message_iterator_next_status status = bt_message_iterator_next(iterator, &messages, &count);
    if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
        return (bt_graph_simple_sink_component_consume_func_status)status;
    for (uint64_t i = 0; i < count; i++) {
        *packets += bt_message_get_type(messages[i]) == BT_MESSAGE_TYPE_PACKET_END;
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* Decode all of it. *packets: that were fine. */
static bool is_decodable(bt_graph *graph, const bt_component_source *source, uint64_t *packets)
{
    const bt_component_sink *sink = NULL;
    bt_graph_run_status status;
    if (bt_component_source_get_output_port_count(source) == 0)
        return true;
    if (bt_graph_add_simple_sink_component(graph, "sink", NULL, count_packets, NULL, packets,
                                           &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(graph,
                               bt_component_source_borrow_output_port_by_index_const(source, 0),
                               bt_component_sink_borrow_input_port_by_index_const(sink, 0),
                               NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
        return false;
    while ((status = bt_graph_run(graph)) == BT_GRAPH_RUN_STATUS_AGAIN)
        ;
    return status == BT_GRAPH_RUN_STATUS_OK;
}

/* The library does not say where a packet begins. All of a file begin with the same bytes: magic
 * number and UUID. */
static uint64_t offset_of_packet(const char *path, uint64_t number)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0 || info.st_size <= PACKET_MARK) {
        if (fd >= 0)
            close(fd);
        return RN_CTF_NO_OFFSET;
    }
    size_t size = (size_t)info.st_size;
    const char *begin = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (begin == MAP_FAILED)
        return RN_CTF_NO_OFFSET;
    const char *at = begin;
    while (at && number--)
        at = memmem(at + 1, size - (size_t)(at + 1 - begin), begin, PACKET_MARK);
    uint64_t offset = at ? (uint64_t)(at - begin) : RN_CTF_NO_OFFSET;
    munmap((void *)(uintptr_t)begin, size);
    return offset;
}

/* Of a trial, in memory that is shared with the process that makes it. */
struct trial {
    bool opened, decoded;
    uint64_t packets;
};

static void try_directory(const struct salvage *salvage, const char *directory)
{
    const bt_component_source *source = NULL;
    bt_graph *graph = bt_graph_create(0);
    bt_value *parameters = rn_ctf_source_parameters(directory);
    /* The warnings say where. */
    salvage->trial->opened =
        graph && parameters &&
        bt_graph_add_source_component(graph, salvage->class, "trace", parameters,
                                      BT_LOGGING_LEVEL_WARNING,
                                      &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
    if (salvage->trial->opened)
        salvage->trial->decoded = is_decodable(graph, source, &salvage->trial->packets);
}

/* Can a trace in this directory be read? What ends the library ends the trial alone. */
static bool is_readable(const struct salvage *salvage, const char *directory)
{
    *salvage->trial = (struct trial){false, false, 0};
    pid_t parent = getpid(), child = rn_ctf_log_clear() ? fork() : -1;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            try_directory(salvage, directory);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return salvage->trial->decoded;
}

/* How many bytes were copied, as copy_file_range says it: that works within one file system alone,
 * and not in all of them. */
static ssize_t copy_some(int in, int out, size_t size)
{
    char bytes[1 << 16];
    ssize_t count = copy_file_range(in, NULL, out, NULL, size, 0);
    if (count >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
        return count;
    count = read(in, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
    return count > 0 && write(out, bytes, (size_t)count) != count ? -1 : count;
}

static bool copy_begin(const char *from, const char *to, uint64_t size)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (in >= 0 && out >= 0 && size) {
        ssize_t count = copy_some(in, out, size > 1u << 30 ? 1u << 30 : (size_t)size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        size -= (uint64_t)count;
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return size == 0;
}

struct names {
    char from[4096], alone[4096], kept[4096];
};

static void tell(const struct salvage *salvage, uint64_t offset, const char *what, const char *from)
{
    char text[1024]; /* more than is handed on */
    snprintf(text, sizeof(text), "%.480s: %s", from, what);
    rn_ctf_output_problem(salvage->output, RN_CTF_FRAME_PROBLEM, offset, text);
}

static bool is_begin_readable(const struct salvage *salvage, const struct names *names,
                              const char *directory, uint64_t size)
{
    unlink(names->alone);
    return copy_begin(names->from, names->alone, size) && is_readable(salvage, directory);
}

/* After a trial that failed: where the packet begins that cannot be read. Of the packets that come
 * together in one call of the library, none is counted where it ends in that call: so a few more
 * are tried. */
static uint64_t find_bad_packet(const struct salvage *salvage, const struct names *names,
                                const char *directory)
{
    if (!salvage->trial->opened)
        return rn_ctf_log_offset();
    uint64_t number = salvage->trial->packets;
    uint64_t offset = offset_of_packet(names->from, number);
    for (unsigned i = 0; i < MORE_PACKETS && offset != RN_CTF_NO_OFFSET; i++) {
        uint64_t next = offset_of_packet(names->from, ++number);
        if (next == RN_CTF_NO_OFFSET || !is_begin_readable(salvage, names, directory, next))
            break;
        offset = next;
    }
    return offset;
}

static void try_file(const struct salvage *salvage, const struct names *names,
                     const char *directory)
{
    if (symlink(names->from, names->alone) < 0) {
        tell(salvage, RN_CTF_NO_OFFSET, "there is no room for it in TMPDIR", names->from);
        return;
    }
    if (is_readable(salvage, directory)) {
        if (symlink(names->from, names->kept) < 0)
            tell(salvage, RN_CTF_NO_OFFSET, "there is no room for it in TMPDIR", names->from);
        unlink(names->alone);
        return;
    }
    uint64_t offset = find_bad_packet(salvage, names, directory);
    if (offset == RN_CTF_NO_OFFSET || offset == 0)
        tell(salvage, offset, "this file of events is damaged, and left out", names->from);
    else if (is_begin_readable(salvage, names, directory, offset) &&
             rename(names->alone, names->kept) == 0)
        tell(salvage, offset, "a packet is damaged or cut; what is before it is kept", names->from);
    else
        tell(salvage, offset, "a packet is damaged or cut, and what is before it cannot be kept",
             names->from);
    unlink(names->alone);
}

static bool is_stream(const char *path)
{
    struct stat info;
    const char *name = strrchr(path, '/') + 1;
    return *name != '.' && strcmp(name, "metadata") != 0 && stat(path, &info) == 0 &&
           S_ISREG(info.st_mode);
}

static void try_files(const struct salvage *salvage, const char *path, const char *alone,
                      const char *kept)
{
    struct dirent **entries;
    struct names names;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (snprintf(names.from, sizeof(names.from), "%s/%s", path, name) <
                (int)sizeof(names.from) &&
            snprintf(names.alone, sizeof(names.alone), "%s/%s", alone, name) <
                (int)sizeof(names.alone) &&
            snprintf(names.kept, sizeof(names.kept), "%s/%s", kept, name) <
                (int)sizeof(names.kept) &&
            is_stream(names.from))
            try_file(salvage, &names, alone);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* A directory with nothing but the metadata. */
static bool make_place(const char *path, const char *directory)
{
    char from[4096], to[4096];
    return snprintf(from, sizeof(from), "%s/metadata", path) < (int)sizeof(from) &&
           snprintf(to, sizeof(to), "%s/metadata", directory) < (int)sizeof(to) &&
           mkdir(directory, 0700) == 0 && symlink(from, to) == 0;
}

static bool salvage_trace(void *context, const char *path)
{
    struct salvage *salvage = context;
    char alone[512], kept[512], whole[4096], why[400];
    /* What begins with a point is not looked for. */
    snprintf(alone, sizeof(alone), "%s/.%u", salvage->scratch, salvage->traces);
    snprintf(kept, sizeof(kept), "%s/%06u", salvage->scratch, salvage->traces++);
    if (!realpath(path, whole) || !make_place(whole, alone))
        tell(salvage, RN_CTF_NO_OFFSET, "there is no room for it in TMPDIR", path);
    else if (!is_readable(salvage, alone))
        tell(salvage, RN_CTF_NO_OFFSET,
             rn_ctf_log_metadata(why, sizeof(why)) ? why : "this is no trace that can be read",
             path);
    else if (make_place(whole, kept))
        try_files(salvage, whole, alone, kept);
    return true;
}

void rn_ctf_salvage(struct ctf_output *output, const bt_component_class_source *class,
                    const char *path, const char *scratch)
{
    struct salvage salvage = {.output = output, .class = class, .scratch = scratch};
    salvage.trial = mmap(NULL, sizeof(*salvage.trial), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (salvage.trial != MAP_FAILED && rn_ctf_find(path, salvage_trace, &salvage) &&
        !output->failure)
        rn_ctf_output_flush(output);
}
