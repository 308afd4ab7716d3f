/* SPDX-License-Identifier: MIT */
/* When the next request may go. */
#include "cli_otlp_send.h"

#define SECOND_NS          UINT64_C(1000000000)
#define BACKOFF_MS         UINT64_C(200)
#define LONGEST_BACKOFF_MS UINT64_C(10000)

uint64_t cli_send_pace(uint64_t *next_ns, uint64_t now, uint64_t amount, uint64_t rate)
{
    uint64_t start;

    if (!rate)
        return now;
    if (*next_ns + SECOND_NS < now)
        *next_ns = now - SECOND_NS;
    start = *next_ns;
    *next_ns += (uint64_t)((double)amount * 1e9 / (double)rate);
    return start;
}

/* Doubling from try to try, and a quarter more or less, so that senders do not come all at once. */
uint64_t cli_send_backoff_ms(struct send *send, unsigned attempts)
{
    uint64_t ms = BACKOFF_MS << (attempts < 8 ? attempts - 1 : 7);

    if (ms > LONGEST_BACKOFF_MS)
        ms = LONGEST_BACKOFF_MS;
    send->random ^= send->random << 13;
    send->random ^= send->random >> 7;
    send->random ^= send->random << 17;
    return ms * 3 / 4 + send->random % (ms / 2);
}
