/* SPDX-License-Identifier: MIT */
/* What is made of the rows when they are all there: indexes, the table of processes, and views that
 * answer the usual questions. Each is in rn-sqlite(5). */
#include "sqlite_private.h"

/* A file name argument with the directory that it is relative to. */
#define FULL_PATH                                                                                  \
    "CASE WHEN path LIKE '/%' OR fd_path IS NULL THEN path "                                       \
    "WHEN path = '' THEN fd_path ELSE rtrim(fd_path, '/') || '/' || path END"

/* Calls in which a thread waits for something else than a disk. */
#define WAITS                                                                                      \
    "('poll', 'ppoll', 'select', 'pselect6', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2', "        \
    "'futex', 'futex_waitv', 'nanosleep', 'clock_nanosleep', 'pause', 'wait4', 'waitid', "         \
    "'waitpid', 'accept', 'accept4', 'connect', 'recvfrom', 'recvmsg', 'recvmmsg', 'recv', "       \
    "'flock', 'rt_sigtimedwait', 'rt_sigsuspend', 'sigsuspend', 'semop', 'semtimedop', "           \
    "'msgrcv', 'mq_timedreceive', 'io_getevents', 'io_pgetevents', 'io_uring_enter')"

#define HEAD_OF(kind, name)                                                                        \
    "SELECT '" kind "' AS kind, stream, ordinal, source, pid, tid, start_ns, duration_ns, " name   \
    " AS name FROM \"" kind "\""

const char *const rn_sqlite_at_end[] = {
    "CREATE INDEX syscall_start ON syscall(start_ns)",
    "CREATE INDEX syscall_errno ON syscall(errno, name) WHERE errno IS NOT NULL",
    "CREATE INDEX syscall_path ON syscall(path) WHERE path IS NOT NULL",
    "CREATE INDEX process_event_stream ON process_event(stream)",
    "CREATE INDEX process_event_child ON process_event(child_stream) WHERE op = 'fork'",
    "CREATE INDEX stream_stream ON stream(stream)",
    "CREATE INDEX kernel_correlation ON kernel(correlation)",
    "CREATE INDEX transfer_correlation ON transfer(correlation)",
    "CREATE INDEX api_correlation ON api(correlation)",
    "CREATE INDEX span_name ON span(name)",
    "CREATE INDEX counter_name ON counter(name, start_ns)",

    "CREATE TABLE process ( -- processes, made of stream and process_event\n"
    "    process INTEGER PRIMARY KEY, -- number: pids may be used again\n"
    "    source INTEGER NOT NULL, -- of table recording\n"
    "    pid INTEGER,\n"
    "    parent INTEGER, -- its number; NULL: it is not in the recording\n"
    "    parent_pid INTEGER,\n"
    "    start_ns INTEGER, -- when it was made, or first seen\n"
    "    end_ns INTEGER, -- NULL: it had not ended\n"
    "    exe TEXT, -- of its last exec; NULL: it runs what its parent did\n"
    "    argv TEXT, -- a JSON array, likewise\n"
    "    cwd TEXT, -- likewise\n"
    "    exit_code INTEGER, -- NULL where a signal ended it\n"
    "    exit_signal INTEGER,\n"
    "    user_ns INTEGER, system_ns INTEGER, max_rss_bytes INTEGER,\n"
    "    threads INTEGER NOT NULL -- that were seen\n"
    ")",
    "INSERT INTO process (process, source, pid, parent, threads, start_ns)\n"
    "SELECT s.process, s.source, s.pid, p.process, s.threads,\n"
    "    (SELECT min(start_ns) FROM process_event e WHERE e.op = 'fork' "
    "AND e.child_stream = s.leader)\n"
    "FROM (SELECT process, min(stream) AS leader, source, pid, parent, count(*) AS threads\n"
    "    FROM stream WHERE process IS NOT NULL AND type = 'thread' GROUP BY process) AS s\n"
    "LEFT JOIN stream p ON p.stream = s.parent AND s.parent <> 0 AND p.process <> s.process\n"
    "WHERE true ON CONFLICT DO NOTHING",
    "WITH e AS (SELECT s.process AS number, p.* FROM process_event p\n"
    "    JOIN stream s ON s.stream = p.stream WHERE s.process IS NOT NULL),\n"
    "last AS (SELECT number, max(start_ns), exe, argv, cwd FROM e\n"
    "    WHERE exe IS NOT NULL GROUP BY number)\n"
    "UPDATE process SET exe = last.exe, argv = last.argv, cwd = last.cwd\n"
    "FROM last WHERE last.number = process.process",
    "WITH e AS (SELECT s.process AS number, p.* FROM process_event p\n"
    "    JOIN stream s ON s.stream = p.stream WHERE s.process IS NOT NULL),\n"
    "first AS (SELECT number, min(start_ns) AS start_ns, max(parent_pid) AS parent_pid FROM e\n"
    "    WHERE op IN ('start', 'attach', 'exec') GROUP BY number)\n"
    "UPDATE process SET start_ns = coalesce(process.start_ns, first.start_ns),\n"
    "    parent_pid = first.parent_pid\n"
    "FROM first WHERE first.number = process.process",
    "WITH e AS (SELECT s.process AS number, p.* FROM process_event p\n"
    "    JOIN stream s ON s.stream = p.stream WHERE s.process IS NOT NULL),\n"
    "ends AS (SELECT number, max(start_ns) AS end_ns, status, user_ns, system_ns, "
    "max_rss_bytes\n"
    "    FROM e WHERE op = 'exit' GROUP BY number)\n"
    "UPDATE process SET end_ns = ends.end_ns, user_ns = ends.user_ns,\n"
    "    system_ns = ends.system_ns, max_rss_bytes = ends.max_rss_bytes,\n"
    "    exit_code = CASE WHEN ends.status & 127 = 0 THEN ends.status >> 8 & 255 END,\n"
    "    exit_signal = nullif(ends.status & 127, 0)\n"
    "FROM ends WHERE ends.number = process.process",
    "UPDATE process SET parent_pid = (SELECT p.pid FROM process p\n"
    "    WHERE p.process = process.parent) WHERE parent_pid IS NULL",
    "CREATE INDEX process_parent ON process(parent)",

    "CREATE VIEW event AS\n" HEAD_OF("syscall", "name") "\nUNION ALL " HEAD_OF(
        "process_event",
        "o"
        "p") "\nUNION ALL " HEAD_OF("signal",
                                    "name") "\nUNION ALL " HEAD_OF("kernel",
                                                                   "name") "\nUNION "
                                                                           "ALL " HEAD_OF(
                                                                               "tran"
                                                                               "sfe"
                                                                               "r",
                                                                               "dire"
                                                                               "ctio"
                                                                               "n") "\nUNION "
                                                                                    "ALL " HEAD_OF("api", "name") "\nUNION ALL " HEAD_OF(
                                                                                        "block",
                                                                                        "name") "\n"
                                                                                                "UN"
                                                                                                "IO"
                                                                                                "N "
                                                                                                "AL"
                                                                                                "L"
                                                                                                " " HEAD_OF("decision", "name") "\nUNION ALL " HEAD_OF(
                                                                                                    "span",
                                                                                                    "name") "\nUNION ALL " HEAD_OF("notice",
                                                                                                                                   "text") "\nUNION ALL " HEAD_OF("loss",
                                                                                                                                                                  "text"),

    "CREATE VIEW syscall_summary AS\n"
    "SELECT name, count(*) AS calls, count(errno) AS errors, sum(duration_ns) AS total_ns,\n"
    "    round(100.0 * sum(duration_ns) / sum(sum(duration_ns)) OVER (), 2) AS percent,\n"
    "    CAST(avg(duration_ns) AS INTEGER) AS average_ns, max(duration_ns) AS longest_ns\n"
    "FROM syscall GROUP BY name ORDER BY total_ns DESC",

    "CREATE VIEW slowest_calls AS\n"
    "SELECT duration_ns, since_start_ns, pid, tid, name, args, ret, errno\n"
    "FROM syscall ORDER BY duration_ns DESC LIMIT 100",

    "CREATE VIEW errors_by_path AS\n"
    "SELECT " FULL_PATH " AS full_path, name, errno, count(*) AS calls,\n"
    "    count(DISTINCT pid) AS processes\n"
    "FROM syscall WHERE errno IS NOT NULL AND path IS NOT NULL\n"
    "GROUP BY 1, 2, 3 ORDER BY calls DESC",

    "CREATE VIEW files_opened AS\n"
    "SELECT " FULL_PATH " AS full_path, count(*) AS opens, count(errno) AS failed,\n"
    "    count(DISTINCT pid) AS processes, min(since_start_ns) AS first_since_start_ns\n"
    "FROM syscall WHERE name IN ('open', 'openat', 'openat2', 'creat')\n"
    "GROUP BY 1 ORDER BY opens DESC, 1",

    "CREATE VIEW bytes_by_file AS\n"
    "SELECT fd_path, count(bytes_read) AS reads, total(bytes_read) AS bytes_read,\n"
    "    count(bytes_written) AS writes, total(bytes_written) AS bytes_written,\n"
    "    sum(duration_ns) AS total_ns\n"
    "FROM syscall WHERE fd_path IS NOT NULL AND\n"
    "    (bytes_read IS NOT NULL OR bytes_written IS NOT NULL)\n"
    "GROUP BY fd_path ORDER BY total(bytes_read) + total(bytes_written) DESC",

    "CREATE VIEW process_tree AS\n"
    "WITH RECURSIVE tree(process, depth) AS (\n"
    "    SELECT process, 0 FROM process WHERE parent IS NULL\n"
    "    UNION ALL SELECT p.process, depth + 1 FROM process p JOIN tree ON p.parent = "
    "tree.process\n"
    "    ORDER BY 2 DESC, 1)\n"
    "SELECT printf('%*s%d ', 2 * min(depth, 40), '', p.pid) || coalesce(p.argv, p.exe, "
    "'(fork)')\n"
    "    AS command, p.pid, p.parent_pid, depth, p.start_ns, p.end_ns - p.start_ns AS "
    "lifetime_ns,\n"
    "    p.exit_code, p.exit_signal, p.user_ns, p.system_ns, p.max_rss_bytes\n"
    "FROM tree JOIN process p ON p.process = tree.process",

    "CREATE VIEW blocked_time AS\n"
    "SELECT pid, tid, count(*) AS calls, sum(duration_ns) AS in_calls_ns,\n"
    "    sum(iif(name IN " WAITS ", duration_ns, 0)) AS waiting_ns,\n"
    "    max(start_ns + duration_ns) - min(start_ns) AS seen_ns\n"
    "FROM syscall GROUP BY stream ORDER BY waiting_ns DESC",

    "CREATE VIEW kernel_summary AS\n"
    "SELECT name, api, count(*) AS launches, sum(duration_ns) AS total_ns,\n"
    "    CAST(avg(duration_ns) AS INTEGER) AS average_ns, min(duration_ns) AS shortest_ns,\n"
    "    max(duration_ns) AS longest_ns\n"
    "FROM kernel GROUP BY name, api ORDER BY total_ns DESC",

    "CREATE VIEW transfer_summary AS\n"
    "SELECT direction, api, count(*) AS transfers, total(bytes) AS bytes,\n"
    "    sum(duration_ns) AS total_ns, total(bytes) / nullif(sum(duration_ns), 0) AS "
    "bytes_per_ns\n"
    "FROM transfer GROUP BY direction, api ORDER BY total_ns DESC",

    "CREATE VIEW launches AS\n"
    "SELECT a.pid, a.tid, a.name AS call, a.start_ns AS call_start_ns,\n"
    "    a.duration_ns AS call_ns, d.kind, d.name, d.start_ns, d.duration_ns,\n"
    "    d.start_ns - a.start_ns AS delay_ns, a.correlation\n"
    "FROM api a JOIN (\n"
    "    SELECT 'kernel' AS kind, name, correlation, pid, source, start_ns, duration_ns FROM "
    "kernel\n"
    "    UNION ALL SELECT 'transfer', direction, correlation, pid, source, start_ns, "
    "duration_ns\n"
    "    FROM transfer) d\n"
    "    ON d.correlation = a.correlation AND d.pid IS a.pid AND d.source = a.source\n"
    "WHERE a.correlation <> 0 AND a.layer < 2 AND a.start_ns <= d.start_ns",

    "CREATE VIEW span_summary AS\n"
    "SELECT name, category, count(*) AS spans, sum(duration_ns) AS total_ns,\n"
    "    CAST(avg(duration_ns) AS INTEGER) AS average_ns, max(duration_ns) AS longest_ns\n"
    "FROM span GROUP BY name, category ORDER BY total_ns DESC",

    "CREATE VIEW block_summary AS\n"
    "SELECT name, backend, isa, count(*) AS blocks, sum(duration_ns) AS total_ns,\n"
    "    total(elements) AS elements, total(bytes) AS bytes\n"
    "FROM block GROUP BY name, backend, isa ORDER BY total_ns DESC",

    "CREATE VIEW edge_summary AS\n"
    "SELECT mechanism, certainty, count(*) AS edges, total(bytes) AS bytes\n"
    "FROM edge GROUP BY mechanism, certainty ORDER BY edges DESC",
    NULL,
};
