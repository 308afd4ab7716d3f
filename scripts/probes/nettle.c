/* SPDX-License-Identifier: MIT */
#include <nettle/hmac.h>
#include <nettle/version.h>
#include <stdio.h>

int main(void)
{
    struct hmac_sha256_ctx context;

    hmac_sha256_set_key(&context, 1, (const uint8_t *)"k");
    printf("%d.%d\n", NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR);
    return 0;
}
