/* SPDX-License-Identifier: MIT */
/* Addresses of sockets. An IPv4 address becomes one of 240.0.0.0/4 (reserved, RFC 1112), an IPv6
 * address one of 100::/64 (discarded, RFC 6666): nobody has these. Family and port stay, and with
 * them what rn-diff knows of a connection. */
#include "scrub_private.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const uint8_t discarded[8] = {1};
static const uint8_t zeros[8]; /* sin_zero */

static bool is_made(const uint8_t *address, size_t size)
{
    return size == 4 ? (address[0] & 0xf0) == 0xf0
                     : memcmp(address, discarded, sizeof discarded) == 0;
}

static void make_address(const struct rn_scrub *scrub, uint8_t *address, size_t size)
{
    uint8_t digest[RN_SCRUB_DIGEST];

    scrub_hash_digest(scrub->hash, "address", address, size, digest);
    memcpy(address, digest, size);
    if (size == 4)
        address[0] |= 0xf0;
    else
        memcpy(address, discarded, sizeof discarded);
}

static void internet(struct rn_scrub *scrub, int family, size_t at, uint16_t port,
                     struct rn_buf *out, size_t begin)
{
    size_t length = family == AF_INET ? 4 : 16;
    uint8_t *address = out->failed ? NULL : out->data + begin + at;
    char text[INET6_ADDRSTRLEN], shown[INET6_ADDRSTRLEN + 16];

    if (!address || !inet_ntop(family, address, text, sizeof text))
        return;
    snprintf(shown, sizeof shown, family == AF_INET ? "%s:%u" : "[%s]:%u", text, ntohs(port));
    if (is_made(address, length) || rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_ADDRESS, shown)) {
        scrub->accounts[RN_SCRUB_ADDRESS].kept++;
        return;
    }
    make_address(scrub, address, length);
    scrub_note_replaced(scrub, RN_SCRUB_ADDRESS, shown, strlen(shown));
}

/* A name in the file system, or behind a NUL an abstract one. */
static void local(struct rn_scrub *scrub, const uint8_t *data, size_t size, struct rn_buf *out)
{
    size_t head = offsetof(struct sockaddr_un, sun_path), abstract;
    const char *name = (const char *)data + head;

    rn_buf_append(out, data, head);
    size -= head;
    abstract = size > 0 && name[0] == '\0';
    if (abstract) {
        rn_buf_byte(out, 0);
        scrub_word(scrub, RN_SCRUB_ADDRESS, name + 1, strnlen(name + 1, size - 1), out);
        return;
    }
    scrub_path(scrub, name, strnlen(name, size), out);
    if (strnlen(name, size) < size)
        rn_buf_byte(out, 0);
}

void scrub_address(struct rn_scrub *scrub, const uint8_t *data, size_t size, struct rn_buf *out)
{
    size_t begin = out->size;
    uint16_t family, port = 0;

    if (size < sizeof family) {
        rn_buf_append(out, data, size);
        return;
    }
    memcpy(&family, data, sizeof family);
    if (family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path)) {
        local(scrub, data, size, out);
        return;
    }
    if (size >= 4)
        memcpy(&port, data + 2, sizeof port);
    if (family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        rn_buf_append(out, data, offsetof(struct sockaddr_in, sin_zero));
        rn_buf_append(out, zeros, sizeof zeros);
        internet(scrub, AF_INET, offsetof(struct sockaddr_in, sin_addr), port, out, begin);
    } else if (family == AF_INET6 && size >= sizeof(struct sockaddr_in6) - 4) {
        rn_buf_append(out, data,
                      size < sizeof(struct sockaddr_in6) ? size : sizeof(struct sockaddr_in6));
        internet(scrub, AF_INET6, offsetof(struct sockaddr_in6, sin6_addr), port, out, begin);
    } else if (family == AF_NETLINK ||
               rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_ADDRESS, "other")) {
        rn_buf_append(out, data,
                      size < sizeof(struct sockaddr_nl) ? size : sizeof(struct sockaddr_nl));
    } else {
        /* Of others, and of what was cut, the family alone. */
        rn_buf_append(out, data, sizeof family);
        if (size > sizeof family)
            scrub_note_replaced(scrub, RN_SCRUB_ADDRESS, "", 0);
    }
}
