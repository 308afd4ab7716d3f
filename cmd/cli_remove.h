/* SPDX-License-Identifier: MIT */
/* What a command has begun to write and must not leave behind where a signal ends it (SIGINT,
 * SIGTERM, SIGHUP, SIGQUIT; those that were ignored stay so). What fails removes its own things, as
 * it knows them; this is for what is interrupted.
 *
 * The handler removes by unlinkat, openat and getdents64 alone, into buffers on its stack: that is
 * async-signal-safe, which opendir and nftw are not, as they take memory. So it need not know what
 * a directory holds, and nobody has to look at a flag in the middle of a library's work. Symbolic
 * links are removed, never followed. Then the signal ends the process as if nobody had caught it. A
 * process that was forked off removes nothing.
 *
 * One list for the process; of one thread. */
#ifndef RN_CLI_REMOVE_H
#define RN_CLI_REMOVE_H

#include <stdbool.h>

enum cli_remove {
    CLI_REMOVE_ONE, /* a file, or a directory that is empty by then: others may have things in it */
    CLI_REMOVE_TREE, /* all that is in a directory of this process, at most 8 deep */
};

/* The path is copied. At most 8 at a time, which is more than any command has; a path that no
 * system call would take is not taken either. */
void cli_remove_on_signal(const char *path, enum cli_remove what);
void cli_remove_forget(const char *path); /* it is whole, or gone */
void cli_remove_now(const char *path); /* what was given to cli_remove_on_signal, and forget it */

/* Between these two a signal is noted alone: where something is made before its name is known, or
 * many things are renamed that are whole only together. They may be nested; the last
 * cli_remove_resume ends the process where a signal was noted. */
void cli_remove_defer(void);
bool cli_remove_is_asked(void); /* was one noted? */
void cli_remove_resume(void);

#endif
