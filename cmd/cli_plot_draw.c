/* SPDX-License-Identifier: MIT */
/* Runs gnuplot: the script on its standard input, tables in files that have no name. */
#include "cli_plot_script.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PICTURES_MAX 2u
#define FIRST_FD     100 /* of the tables, in gnuplot: nothing else is there */

extern char **environ;

static const char missing[] =
    "gnuplot is not there: install it (Debian: gnuplot-nox), or take the table with --data";

bool cli_share_path(char *path, size_t size, const char *name)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    self[length > 0 ? length : 0] = '\0';
    slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    if ((size_t)snprintf(path, size, "%s/../share/renacer/%s", self, name) < size)
        return true;
    cli_fail("the directory of this program has too long a name");
    return false;
}

bool cli_plot_scripts(const struct cli_plot_style *style, char *path, size_t size)
{
    char common[PATH_MAX + 32];

    if (style->scripts)
        snprintf(path, size, "%s", style->scripts);
    else if (!cli_share_path(path, size, "gnuplot"))
        return false;
    if (strpbrk(path, "\n\r")) {
        cli_fail("the directory of the scripts for gnuplot has a line break in its name");
        return false;
    }
    snprintf(common, sizeof(common), "%s/common.gp", path);
    if (access(common, R_OK) == 0)
        return true;
    cli_fail("%s: cannot read: %s; --scripts names the directory of the scripts for gnuplot",
             common, strerror(errno));
    return false;
}

bool cli_plot_is_possible(void)
{
    const char *path = getenv("PATH");
    char name[PATH_MAX];

    while (path && *path) {
        size_t length = strcspn(path, ":");

        if (length &&
            snprintf(name, sizeof(name), "%.*s/gnuplot", (int)length, path) < (int)sizeof(name) &&
            access(name, X_OK) == 0)
            return true;
        path += length;
        path += *path == ':';
    }
    return false;
}

/* -1 after a message. */
static int file_of(const struct rn_buf *buf)
{
    int fd = buf->failed ? -1 : memfd_create("rn-plot", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < buf->size) {
        ssize_t count = write(fd, buf->data + done, buf->size - done);

        if (count > 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
        cli_fail("no memory for what gnuplot is to draw");
    return fd;
}

/* Descriptors for gnuplot. */
struct files {
    int script, output, messages, tables[PICTURES_MAX];
    unsigned count;
};

static int start(const struct files *files, pid_t *pid)
{
    char *argv[] = {"gnuplot", "-d", NULL};
    posix_spawn_file_actions_t actions;
    int result = posix_spawn_file_actions_init(&actions);

    if (result != 0)
        return result;
    result = posix_spawn_file_actions_adddup2(&actions, files->output, STDOUT_FILENO);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(&actions, files->messages, STDERR_FILENO);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(&actions, files->script, STDIN_FILENO);
    for (unsigned i = 0; i < files->count && result == 0; i++)
        result = posix_spawn_file_actions_adddup2(&actions, files->tables[i], FIRST_FD + (int)i);
    if (result == 0)
        result = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* The first line that says something, with the place in the script. */
static void tell_messages(int fd)
{
    char text[4096], *line, *place = NULL;
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

    text[length > 0 ? length : 0] = '\0';
    for (line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
        while (*line == ' ' || *line == '\t' || *line == '^')
            line++;
        if (strstr(line, "line ") && strchr(line, ':') && !strstr(line, "warning:")) {
            cli_fail("gnuplot: %s", line);
            return;
        }
    }
    cli_fail("gnuplot failed");
}

static bool run(const struct files *files)
{
    int result, status;
    pid_t pid;

    result = start(files, &pid);
    if (result == ENOENT || result == EACCES)
        cli_fail("%s", missing);
    else if (result != 0)
        cli_fail("cannot run gnuplot: %s", strerror(result));
    if (result != 0)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            cli_fail("cannot wait for gnuplot: %s", strerror(errno));
            return false;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        cli_fail("%s", missing);
    else
        tell_messages(files->messages);
    return false;
}

/* gnuplot takes a backslash for the begin of something when it reads a text, and once more when an
 * expression, as strcol(2), has made a label of it. */
static void protect_backslashes(struct rn_buf *out, const struct rn_buf *data)
{
    for (size_t i = 0; i < data->size; i++)
        rn_buf_append(out, data->data[i] == '\\' ? "\\\\\\\\" : (const char *)&data->data[i],
                      data->data[i] == '\\' ? 4 : 1);
    out->failed |= data->failed;
}

static bool open_tables(struct files *files, const struct rn_plot_picture *const *pictures,
                        unsigned count)
{
    struct rn_buf data = RN_BUF_INIT, protected = RN_BUF_INIT;
    bool opened = true;

    for (unsigned i = 0; i < count && opened; i++) {
        rn_buf_clear(&data);
        rn_buf_clear(&protected);
        rn_plot_data(pictures[i], &data);
        protect_backslashes(&protected, &data);
        files->tables[i] = file_of(&protected);
        opened = files->tables[i] >= 0;
        files->count += opened;
    }
    rn_buf_free(&data);
    rn_buf_free(&protected);
    return opened;
}

/* False after a message. */
static bool read_all(int fd, struct rn_buf *out)
{
    struct stat st;
    size_t size = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    uint8_t *room = size ? rn_buf_reserve(out, size) : NULL;

    if (room && pread(fd, room, size, 0) == st.st_size) {
        out->size += size;
        return true;
    }
    if (size)
        cli_fail("no memory for what gnuplot has drawn");
    else
        cli_fail("gnuplot has drawn nothing");
    return false;
}

/* Into `out`, and only where all went well. */
bool cli_plot_draw(const struct rn_plot_picture *const *pictures, unsigned count,
                   const struct cli_plot_style *style, struct rn_buf *out)
{
    struct files files = {.script = -1, .output = -1, .messages = -1};
    struct rn_buf script = RN_BUF_INIT, nothing = RN_BUF_INIT;
    char scripts[PATH_MAX];
    bool drawn = false;

    if (count > PICTURES_MAX || !cli_plot_scripts(style, scripts, sizeof(scripts)))
        return false;
    cli_plot_script(pictures, count, style, scripts, FIRST_FD, &script);
    files.script = file_of(&script);
    files.output = file_of(&nothing);
    files.messages = file_of(&nothing);
    if (files.script >= 0 && files.output >= 0 && files.messages >= 0 &&
        open_tables(&files, pictures, count))
        drawn = run(&files) && read_all(files.output, out);
    for (unsigned i = 0; i < files.count; i++)
        close(files.tables[i]);
    if (files.script >= 0)
        close(files.script);
    if (files.output >= 0)
        close(files.output);
    if (files.messages >= 0)
        close(files.messages);
    rn_buf_free(&script);
    return drawn;
}

bool cli_plot_svg(const struct rn_plot_picture *picture, const struct cli_plot_style *style,
                  struct rn_buf *out)
{
    struct cli_plot_style svg = *style;

    svg.format = CLI_PLOT_SVG;
    return cli_plot_draw(&picture, 1, &svg, out);
}
