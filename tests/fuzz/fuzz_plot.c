/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the first byte chooses a picture, the others are an archive, with checksums
 * made right where their number is even, or a text with models. Flame graphs are left out: they
 * read the files that an archive names. */
#include "fuzz_repair.h"

#include "libanalysis/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tables are small whatever they are made of, and their texts are escaped. */
static void look_at(const struct rn_plot *plot)
{
    const struct rn_plot_picture *picture = rn_plot_picture(plot);
    struct rn_buf out = RN_BUF_INIT;

    for (unsigned i = 0; i < picture->table_count; i++)
        if (picture->tables[i].rows > 200000 && picture->type != RN_PLOT_MODELS)
            abort();
    if (!(picture->x.max >= picture->x.min) || isinf(picture->x.max))
        abort();
    rn_plot_data(picture, &out);
    for (size_t i = 0; i < out.size; i++)
        if ((out.data[i] < 0x20 && out.data[i] != '\n' && out.data[i] != '\t') ||
            out.data[i] == 0x7f)
            abort();
    rn_buf_free(&out);
}

static void read_archive(struct rn_plot *plot, uint8_t *bytes, size_t size)
{
    int fd = memfd_create("archive", MFD_CLOEXEC);
    struct rn_reader *reader = NULL;
    struct rn_error err = RN_ERROR_INIT;
    char path[64];

    if (fd < 0)
        return;
    if (size % 2 == 0)
        fuzz_repair(bytes, size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, bytes, size) == (ssize_t)size && rn_reader_open(path, &reader, &err) == RN_OK) {
        if (rn_plot_read(plot, reader, &err) != RN_OK && !err.what[0])
            abort();
        if (rn_plot_finish(&plot, 1, &err) == RN_OK)
            look_at(plot);
    }
    rn_reader_free(reader);
    close(fd);
}

static void read_models(struct rn_plot *plot, const uint8_t *bytes, size_t size)
{
    struct rn_error err = RN_ERROR_INIT;

    if (rn_plot_read_models(plot, "text", (const char *)bytes, size, &err) == RN_OK &&
        rn_plot_finish(&plot, 1, &err) == RN_OK)
        look_at(plot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_plot_options options = {.type = size ? data[0] % RN_PLOT_TYPES : 0};
    uint8_t *bytes = size ? malloc(size) : NULL;
    struct rn_plot *plot;

    if (!bytes || options.type == RN_PLOT_FLAME) {
        free(bytes);
        return 0;
    }
    memcpy(bytes, data + 1, size - 1);
    plot = rn_plot_new(&options);
    if (plot && options.type == RN_PLOT_MODELS)
        read_models(plot, bytes, size - 1);
    else if (plot)
        read_archive(plot, bytes, size - 1);
    rn_plot_free(plot);
    free(bytes);
    return 0;
}
