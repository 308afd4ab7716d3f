/* SPDX-License-Identifier: MIT */
#include "xlat.h"

#include "gen_tables.h"

#include <string.h>

#define FIRST_REALTIME_SIGNAL 32u
#define LAST_SIGNAL           64u

static const struct rn_xlat_entry *find_index(unsigned xlat, uint64_t value)
{
    const struct rn_xlat_table *table = &rn_xlat_tables[xlat];

    if (value >= table->count || !table->entries[value].name)
        return NULL;
    return &table->entries[value];
}

static const struct rn_xlat_entry *find_value(unsigned xlat, uint64_t value)
{
    const struct rn_xlat_table *table;

    if (xlat >= RN_XLAT_COUNT)
        return NULL;
    table = &rn_xlat_tables[xlat];
    if (table->kind == RN_XLAT_KIND_INDEX)
        return find_index(xlat, value);
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->entries[i].value == value)
            return &table->entries[i];
    }
    return NULL;
}

static const struct rn_xlat_entry *find_name(unsigned xlat, const char *name, size_t length)
{
    const struct rn_xlat_table *table = &rn_xlat_tables[xlat];

    for (uint32_t i = 0; i < table->count; i++) {
        const char *known = table->entries[i].name;

        if (known && strlen(known) == length && memcmp(known, name, length) == 0)
            return &table->entries[i];
    }
    return NULL;
}

const char *rn_errno_name(int error)
{
    const struct rn_xlat_entry *entry =
        error > 0 ? find_index(RN_XLAT_ERRNO, (uint64_t)error) : NULL;

    return entry ? entry->name : NULL;
}

const char *rn_errno_text(int error)
{
    const struct rn_xlat_entry *entry =
        error > 0 ? find_index(RN_XLAT_ERRNO, (uint64_t)error) : NULL;

    return entry ? entry->text : NULL;
}

int rn_errno_from_name(const char *name, size_t length)
{
    const struct rn_xlat_entry *entry = find_name(RN_XLAT_ERRNO, name, length);

    return entry ? (int)entry->value : 0;
}

const char *rn_signal_name(unsigned signo)
{
    /* The names that strace gives to real-time signals. */
    static const char *const realtime[] = {
        "SIGRTMIN", "SIGRT_1",  "SIGRT_2",  "SIGRT_3",  "SIGRT_4",  "SIGRT_5",  "SIGRT_6",
        "SIGRT_7",  "SIGRT_8",  "SIGRT_9",  "SIGRT_10", "SIGRT_11", "SIGRT_12", "SIGRT_13",
        "SIGRT_14", "SIGRT_15", "SIGRT_16", "SIGRT_17", "SIGRT_18", "SIGRT_19", "SIGRT_20",
        "SIGRT_21", "SIGRT_22", "SIGRT_23", "SIGRT_24", "SIGRT_25", "SIGRT_26", "SIGRT_27",
        "SIGRT_28", "SIGRT_29", "SIGRT_30", "SIGRT_31", "SIGRT_32",
    };
    const struct rn_xlat_entry *entry = find_index(RN_XLAT_SIGNAL, signo);

    if (entry)
        return entry->name;
    if (signo >= FIRST_REALTIME_SIGNAL && signo <= LAST_SIGNAL)
        return realtime[signo - FIRST_REALTIME_SIGNAL];
    return signo ? "SIG???" : "0";
}

int rn_signal_from_name(const char *name, size_t length)
{
    bool prefixed = length > 3 && memcmp(name, "SIG", 3) == 0;

    for (unsigned signo = 1; signo <= LAST_SIGNAL; signo++) {
        const char *known = rn_signal_name(signo) + (prefixed ? 0 : 3);

        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return (int)signo;
    }
    return 0;
}

const char *rn_ioctl_name(uint64_t request)
{
    return rn_xlat_name(RN_XLAT_IOCTL, request);
}

const char *rn_xlat_name(unsigned xlat, uint64_t value)
{
    const struct rn_xlat_entry *entry = find_value(xlat, value);

    return entry ? entry->name : NULL;
}

void rn_xlat_flags(struct rn_buf *out, unsigned xlat, uint64_t value)
{
    uint64_t rest = value;
    bool any = false;

    if (xlat < RN_XLAT_COUNT) {
        const struct rn_xlat_table *table = &rn_xlat_tables[xlat];

        for (uint32_t i = 0; i < table->count; i++) {
            const struct rn_xlat_entry *entry = &table->entries[i];

            if (!entry->mask || (rest & entry->mask) != entry->value)
                continue;
            if (any)
                rn_buf_byte(out, '|');
            rn_buf_text(out, entry->name);
            rest &= ~entry->mask;
            any = true;
        }
    }
    if (any && !rest)
        return;
    if (any)
        rn_buf_byte(out, '|');
    if (rest)
        rn_buf_hex(out, rest);
    else
        rn_buf_byte(out, '0');
}

void rn_xlat_enum(struct rn_buf *out, unsigned xlat, uint64_t value)
{
    const char *name = rn_xlat_name(xlat, value);

    if (name)
        rn_buf_text(out, name);
    else if (value < 10)
        rn_buf_decimal(out, value);
    else
        rn_buf_hex(out, value);
}
