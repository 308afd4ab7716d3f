/* SPDX-License-Identifier: MIT */
/* Socket addresses, as strace prints them, to the bytes that the program passed. */
#include "strace_private.h"

#include <arpa/inet.h>

/* Linux numbers, whatever the host. */
enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, FAMILY_NETLINK = 16 };

static bool scan_port(struct strace_call *c, const char *name, uint8_t *out, size_t width)
{
    uint64_t value;

    if (!strace_eat(&c->p, name) || !strace_scan_number(&c->p, &value) || !strace_eat(&c->p, ")"))
        return false;
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(value >> 8 * (width - 1 - i));
    return true;
}

/* "127.0.0.1" or "::1", as inet_pton reads it. */
static bool scan_quoted(struct strace_call *c, int family, uint8_t *out)
{
    struct strace_string string;
    char text[INET6_ADDRSTRLEN + 1];

    if (!strace_scan_string(&c->p, c->end, &c->arena, &string) || string.size >= sizeof(text))
        return false;
    memcpy(text, string.data, string.size);
    text[string.size] = '\0';
    return inet_pton(family, text, out) == 1;
}

static bool scan_inet(struct strace_call *c, uint8_t *out, size_t *size)
{
    *size = 16;
    return scan_port(c, ", sin_port=htons(", out + 2, 2) &&
           strace_eat(&c->p, ", sin_addr=inet_addr(") && scan_quoted(c, AF_INET, out + 4) &&
           strace_eat(&c->p, ")}");
}

static bool scan_inet6(struct strace_call *c, uint8_t *out, size_t *size)
{
    uint64_t scope;
    const char *end;

    *size = 28;
    if (!scan_port(c, ", sin6_port=htons(", out + 2, 2) ||
        !scan_port(c, ", sin6_flowinfo=htonl(", out + 4, 4) ||
        !strace_eat(&c->p, ", inet_pton(AF_INET6, ") || !scan_quoted(c, AF_INET6, out + 8) ||
        !strace_eat(&c->p, ", &sin6_addr), sin6_scope_id="))
        return false;
    /* if_nametoindex("eth0") is of the machine that was traced. */
    end = c->p;
    if (!strace_scan_number(&end, &scope)) {
        c->odd = true;
        scope = 0;
        end = strace_scan_skip(c->p, c->end);
    }
    c->p = end;
    memcpy(out + 24, &scope, 4);
    return strace_eat(&c->p, "}");
}

/* A path ends with a NUL, an abstract name begins with one. */
static bool scan_unix(struct strace_call *c, uint8_t *out, size_t room, size_t *size)
{
    struct strace_string string;
    bool abstract;

    *size = 2;
    if (strace_eat(&c->p, "}"))
        return true;
    if (!strace_eat(&c->p, ", sun_path="))
        return false;
    abstract = strace_eat(&c->p, "@");
    if (!strace_scan_string(&c->p, c->end, &c->arena, &string) || string.cut ||
        string.size + 3 > room)
        return false;
    memcpy(out + 2 + abstract, string.data, string.size);
    *size = 3 + string.size;
    return strace_eat(&c->p, "}");
}

static bool scan_netlink(struct strace_call *c, uint8_t *out, size_t *size)
{
    uint64_t pid, groups;

    *size = 12;
    if (!strace_eat(&c->p, ", nl_pid=") || !strace_scan_number(&c->p, &pid) ||
        !strace_eat(&c->p, ", nl_groups=") || !strace_scan_number(&c->p, &groups))
        return false;
    memcpy(out + 4, &pid, 4);
    memcpy(out + 8, &groups, 4);
    /* Eight digits, where this project prints what is needed. */
    c->odd = true;
    return strace_eat(&c->p, "}");
}

bool strace_sockaddr(struct strace_call *c, uint8_t *out, size_t room, size_t *size)
{
    uint64_t family;

    if (!strace_eat(&c->p, "{sa_family=") || !strace_flags(c, RN_XLAT_SOCKET_DOMAIN, &family) ||
        family > UINT16_MAX)
        return false;
    memcpy(out, &family, 2);
    switch (family) {
    case FAMILY_UNIX:
        return scan_unix(c, out, room, size);
    case FAMILY_INET:
        return scan_inet(c, out, size);
    case FAMILY_INET6:
        return scan_inet6(c, out, size);
    case FAMILY_NETLINK:
        return scan_netlink(c, out, size);
    default:
        return false;
    }
}
