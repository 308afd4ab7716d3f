/* SPDX-License-Identifier: MIT */
/* Socket addresses as names of objects. */
#include "effect_model.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define EPHEMERAL_FIRST 32768u /* net.ipv4.ip_local_port_range begins there */

static void append_port(struct rn_effects *effects, char *out, size_t size, unsigned port)
{
    size_t used = strlen(out);
    uintptr_t number;

    if (port < EPHEMERAL_FIRST) {
        snprintf(out + used, size - used, ":%u", port);
        return;
    }
    effects->summary.erased[RN_RULE_EPHEMERAL_PORTS]++;
    number = (uintptr_t)rn_id_map_get(&effects->ports, port);
    if (!number) {
        number = ++effects->port_count;
        if (!rn_id_map_set(&effects->ports, port, (void *)number)) // NOLINT: a number as pointer
            effects->failed = true;
    }
    snprintf(out + used, size - used, ":port#%lu", (unsigned long)number);
}

char *effect_address(struct rn_effects *effects, const struct rn_attachment *attachment)
{
    struct sockaddr_storage storage = {0};
    char out[300] = "", host[INET6_ADDRSTRLEN];
    size_t length;

    if (!attachment || !attachment->data || attachment->size < sizeof(sa_family_t))
        return NULL;
    length = attachment->size < sizeof storage ? attachment->size : sizeof storage;
    memcpy(&storage, attachment->data, length);
    if (storage.ss_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)&storage;

        snprintf(out, sizeof out, "%s", inet_ntop(AF_INET, &in->sin_addr, host, sizeof host));
        append_port(effects, out, sizeof out, ntohs(in->sin_port));
    } else if (storage.ss_family == AF_INET6 && length >= 24) {
        const struct sockaddr_in6 *in6 = (const void *)&storage;

        snprintf(out, sizeof out, "[%s]", inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host));
        append_port(effects, out, sizeof out, ntohs(in6->sin6_port));
    } else if (storage.ss_family == AF_UNIX && length > sizeof(sa_family_t)) {
        const struct sockaddr_un *un = (const void *)&storage;
        bool abstract = !un->sun_path[0];

        snprintf(out, sizeof out, "unix:%s%.*s", abstract ? "@" : "",
                 (int)(length - sizeof(sa_family_t) - abstract), un->sun_path + abstract);
    } else {
        return NULL;
    }
    return strdup(out);
}

bool effect_is_name_lookup(const char *address)
{
    static const char *const daemons[] = {"unix:/var/run/nscd/", "unix:/run/nscd/",
                                          "unix:/run/systemd/resolve/", "unix:/run/systemd/userdb/",
                                          "unix:/var/lib/sss/"};
    const char *port = strrchr(address, ':');

    for (size_t i = 0; i < sizeof daemons / sizeof daemons[0]; i++) {
        if (strncmp(address, daemons[i], strlen(daemons[i])) == 0)
            return true;
    }
    return strncmp(address, "unix:", 5) != 0 && port && strcmp(port, ":53") == 0;
}
