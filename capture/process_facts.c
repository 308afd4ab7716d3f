/* SPDX-License-Identifier: MIT */
#include "process_facts.h"

#include <string.h>
#include <unistd.h>

static void read_process(pid_t pid, struct rn_process_facts *facts)
{
    struct rn_process *process = &facts->process;
    struct rn_proc_status status;

    facts->name[0] = '\0';
    *process = (struct rn_process){.pid = (uint64_t)pid,
                                   .abi = rn_proc_abi(pid),
                                   .pgid = (uint64_t)getpgid(pid),
                                   .sid = (uint64_t)getsid(pid)};
    if (!rn_proc_status(pid, &status))
        return;
    memcpy(facts->name, status.name, sizeof(facts->name));
    process->parent_pid = (uint64_t)status.ppid;
    process->uid = status.uid;
    process->euid = status.euid;
    process->gid = status.gid;
    process->egid = status.egid;
    process->umask = status.umask;
}

void rn_process_facts_read(pid_t pid, char *const *env_names, struct rn_process_facts *facts)
{
    read_process(pid, facts);
    facts->argv_size = rn_proc_read(pid, "cmdline", facts->argv, sizeof(facts->argv));
    facts->argv_cut = facts->argv_size == RN_CAPTURE_ARGV_MAX;
    facts->exe_size = rn_proc_link(pid, "exe", facts->exe, sizeof(facts->exe));
    facts->cwd_size = rn_proc_link(pid, "cwd", facts->cwd, sizeof(facts->cwd));
    facts->root_size = rn_proc_link(pid, "root", facts->root, sizeof(facts->root));
    facts->env_size = rn_proc_environ(pid, env_names, facts->env, sizeof(facts->env));
    facts->has_limits = rn_proc_limits(pid, facts->limits);
}

/* In the list before its path. */
struct entry {
    struct rn_descriptor descriptor;
    size_t length;
};

static void append(void *context, const struct rn_descriptor *descriptor, const char *path,
                   size_t length)
{
    struct entry entry = {*descriptor, length};

    rn_buf_append(context, &entry, sizeof(entry));
    rn_buf_append(context, path, length);
}

void rn_descriptor_list_read(pid_t pid, bool after_exec, struct rn_buf *list)
{
    rn_buf_clear(list);
    rn_proc_descriptors(pid, after_exec, append, list);
}

void rn_descriptor_list_each(const struct rn_buf *list, rn_proc_descriptor_fn *function,
                             void *context)
{
    struct entry entry;

    if (list->failed)
        return;
    for (size_t at = 0; at < list->size; at += sizeof(entry) + entry.length) {
        memcpy(&entry, list->data + at, sizeof(entry));
        function(context, &entry.descriptor, (const char *)list->data + at + sizeof(entry),
                 entry.length);
    }
}
