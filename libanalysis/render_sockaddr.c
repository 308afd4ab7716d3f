/* SPDX-License-Identifier: MIT */
#include "render_private.h"

#include <arpa/inet.h>
#include <string.h>

/* Linux numbers, whatever the host. */
enum {
    FAMILY_UNSPEC = 0,
    FAMILY_UNIX = 1,
    FAMILY_INET = 2,
    FAMILY_INET6 = 10,
    FAMILY_NETLINK = 16,
    FAMILY_PACKET = 17
};

static uint64_t big_endian(struct rn_bytes bytes, size_t offset, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++)
        value = value << 8 | rn_bytes_get(bytes, offset + i, 1);
    return value;
}

static void add_swapped(struct rn_sink *sink, const char *name, const char *function,
                        uint64_t value)
{
    rn_sink_name(sink, name);
    rn_sink_call(sink, function);
    rn_sink_unsigned(sink, value);
    rn_sink_call_end(sink);
}

static void add_inet(struct rn_sink *sink, struct rn_bytes bytes)
{
    struct rn_bytes address = rn_bytes_slice(bytes, 4, 4);
    char text[INET_ADDRSTRLEN];

    add_swapped(sink, "sin_port", "htons", big_endian(bytes, 2, 2));
    if (address.size < 4 || !inet_ntop(AF_INET, address.data, text, sizeof(text)))
        return;
    rn_sink_name(sink, "sin_addr");
    rn_sink_call(sink, "inet_addr");
    rn_sink_text(sink, text);
    rn_sink_call_end(sink);
}

/* In text the address is not a field of its own: inet_pton(AF_INET6, "::1", &sin6_addr). */
static void add_inet6(struct rn_sink *sink, struct rn_bytes bytes)
{
    struct rn_bytes address = rn_bytes_slice(bytes, 8, 16);
    char text[INET6_ADDRSTRLEN];

    add_swapped(sink, "sin6_port", "htons", big_endian(bytes, 2, 2));
    add_swapped(sink, "sin6_flowinfo", "htonl", big_endian(bytes, 4, 4));
    if (address.size < 16 || !inet_ntop(AF_INET6, address.data, text, sizeof(text)))
        return;
    if (sink->json) {
        rn_sink_name(sink, "sin6_addr");
        rn_sink_text(sink, text);
    } else {
        rn_sink_call(sink, "inet_pton");
        rn_sink_symbol(sink, "AF_INET6");
        rn_sink_text(sink, text);
        rn_sink_symbol(sink, "&sin6_addr");
        rn_sink_call_end(sink);
    }
    rn_sink_name(sink, "sin6_scope_id");
    rn_sink_unsigned(sink, rn_bytes_get(bytes, 24, 4));
}

/* An abstract name begins with NUL and is all that was passed; a path ends at its NUL. */
static void add_unix(struct rn_sink *sink, struct rn_bytes bytes)
{
    struct rn_bytes path = rn_bytes_slice(bytes, 2, bytes.size);

    if (path.size == 0)
        return;
    if (path.data[0] == '\0' && path.size > 1) {
        rn_sink_name(sink, sink->json ? "sun_path_abstract" : "sun_path");
        if (!sink->json)
            rn_sink_prefix(sink, "@");
        rn_sink_path(sink, path.data + 1, path.size - 1, false);
        return;
    }
    rn_sink_name(sink, "sun_path");
    path.size = strnlen((const char *)path.data, path.size);
    rn_sink_path(sink, path.data, path.size, false);
}

static void add_netlink(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_name(sink, "nl_pid");
    rn_sink_unsigned(sink, rn_bytes_get(bytes, 4, 4));
    rn_sink_name(sink, "nl_groups");
    rn_sink_hex(sink, rn_bytes_get(bytes, 8, 4));
}

static void add_packet(struct rn_sink *sink, struct rn_bytes bytes)
{
    rn_sink_name(sink, "sll_protocol");
    rn_sink_call(sink, "htons");
    rn_sink_hex(sink, big_endian(bytes, 2, 2));
    rn_sink_call_end(sink);
    rn_sink_field(sink, "sll_ifindex", rn_bytes_signed(bytes, 4, 4));
}

static void add_other(struct rn_sink *sink, struct rn_bytes bytes)
{
    struct rn_bytes data = rn_bytes_slice(bytes, 2, bytes.size);

    rn_sink_name(sink, "sa_data");
    rn_sink_bytes(sink, data.data, data.size, false);
}

void rn_render_sockaddr(struct rn_sink *sink, struct rn_bytes bytes)
{
    uint64_t family = rn_bytes_get(bytes, 0, 2);

    rn_sink_open(sink, '{');
    rn_sink_name(sink, "sa_family");
    rn_sink_enum(sink, RN_XLAT_SOCKET_DOMAIN, family);
    switch (family) {
    case FAMILY_UNIX:
        add_unix(sink, bytes);
        break;
    case FAMILY_INET:
        add_inet(sink, bytes);
        break;
    case FAMILY_INET6:
        add_inet6(sink, bytes);
        break;
    case FAMILY_NETLINK:
        add_netlink(sink, bytes);
        break;
    case FAMILY_PACKET:
        add_packet(sink, bytes);
        break;
    default:
        add_other(sink, bytes);
    }
    rn_sink_close(sink, '}');
}
