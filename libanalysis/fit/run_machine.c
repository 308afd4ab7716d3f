/* SPDX-License-Identifier: MIT */
/* Which machine: from the text of /proc/cpuinfo and the XML of nvidia-smi, as archives keep them.
 */
#include "run.h"

#include "formats/fnv.h"

#include "libanalysis/backend/rn_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096u

/* A copy of `size` bytes at most, on one line. */
static char *text_of(const char *from, size_t size)
{
    size_t length = size < TEXT_MAX ? size : TEXT_MAX;
    char *text = malloc(length + 1);

    if (!text)
        return NULL;
    for (size_t i = 0; i < length; i++)
        text[i] = (unsigned char)from[i] < 0x20 || from[i] == 0x7f ? ' ' : from[i];
    text[length] = 0;
    return text;
}

/* The value behind "key :" in the first lines; empty where it is not there. */
static char *cpu_value(const char *text, size_t size, const char *key)
{
    const char *at = text, *end = text + size;
    size_t key_size = strlen(key);

    while (at < end && *at != '\n') {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *colon;

        stop = stop ? stop : end;
        colon = memchr(at, ':', (size_t)(stop - at));
        if (colon && (size_t)(colon - at) >= key_size && memcmp(at, key, key_size) == 0 &&
            strspn(at + key_size, " \t") >= (size_t)(colon - at) - key_size) {
            colon += 1 + (colon + 1 < stop && colon[1] == ' ');
            return text_of(colon, (size_t)(stop - colon));
        }
        at = stop < end ? stop + 1 : end;
    }
    return text_of("", 0);
}

/* What stands in the first <tag>...</tag> behind `from`. */
static char *xml_value(const char *text, size_t size, const char *from, const char *tag)
{
    char open[64], close[64];
    const char *at = text && size ? memmem(text, size, from, strlen(from)) : NULL, *stop;

    snprintf(open, sizeof open, "<%s>", tag);
    snprintf(close, sizeof close, "</%s>", tag);
    if (at)
        at = memmem(at, size - (size_t)(at - text), open, strlen(open));
    if (!at)
        return text_of("", 0);
    at += strlen(open);
    stop = memmem(at, size - (size_t)(at - text), close, strlen(close));
    return text_of(at, stop ? (size_t)(stop - at) : 0);
}

static double number_of(char *text)
{
    double value = text ? strtod(text, NULL) : 0;

    free(text);
    return value > 0 && value < 1e6 ? value : 0;
}

static uint64_t mix(uint64_t hash, const char *text)
{
    return rn_fnv(rn_fnv(hash, text, strlen(text)), "\n", 1);
}

bool rn_machine_describe(struct rn_machine *out, const char *cpu, size_t cpu_size, const char *gpu,
                         size_t gpu_size)
{
    cpu = cpu ? cpu : "";
    *out = (struct rn_machine){.cpu = cpu_value(cpu, cpu_size, "model name"),
                               .cpu_flags = cpu_value(cpu, cpu_size, "flags"),
                               .gpu = xml_value(gpu, gpu_size, "<gpu ", "product_name"),
                               .gpu_driver = xml_value(gpu, gpu_size, "", "driver_version")};
    out->cpu_mhz = number_of(cpu_value(cpu, cpu_size, "cpu MHz"));
    out->gpu_mhz = number_of(xml_value(gpu, gpu_size, "<max_clocks>", "graphics_clock"));
    out->cpu_fingerprint = rn_backend_cpu_fingerprint(cpu, cpu_size);
    if (!out->cpu || !out->cpu_flags || !out->gpu || !out->gpu_driver) {
        rn_machine_free(out);
        return false;
    }
    out->fingerprint = mix(mix(out->cpu_fingerprint, out->gpu), out->gpu_driver);
    return true;
}

bool rn_machine_here(struct rn_machine *out)
{
    static char text[65536];
    FILE *file = fopen("/proc/cpuinfo", "re");
    size_t size = file ? fread(text, 1, sizeof text, file) : 0;

    if (file)
        fclose(file);
    return rn_machine_describe(out, text, size, NULL, 0);
}

void rn_machine_free(struct rn_machine *machine)
{
    free(machine->cpu);
    free(machine->cpu_flags);
    free(machine->gpu);
    free(machine->gpu_driver);
    *machine = (struct rn_machine){0};
}
