/* SPDX-License-Identifier: MIT */
#include "scrub_private.h"

#include "formats/escape.h"

#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>

struct scrub_hash {
    struct hmac_sha256_ctx keyed;
};

struct scrub_hash *scrub_hash_new(const uint8_t *key, size_t size)
{
    struct scrub_hash *hash = malloc(sizeof *hash);

    if (hash)
        hmac_sha256_set_key(&hash->keyed, size, key);
    return hash;
}

void scrub_hash_free(struct scrub_hash *hash)
{
    if (hash)
        explicit_bzero(hash, sizeof *hash);
    free(hash);
}

/* What is hashed for one purpose tells nothing about another one. */
void scrub_hash_digest(const struct scrub_hash *hash, const char *what, const void *data,
                       size_t size, uint8_t digest[RN_SCRUB_DIGEST])
{
    struct hmac_sha256_ctx context = hash->keyed;

    hmac_sha256_update(&context, strlen(what) + 1, (const uint8_t *)what);
    hmac_sha256_update(&context, size, data);
    hmac_sha256_digest(&context, RN_SCRUB_DIGEST, digest);
}

bool scrub_is_token(const char *text, size_t size)
{
    if (size != SCRUB_TOKEN || text[0] != '_')
        return false;
    for (size_t i = 1; i < size; i++)
        if (rn_hex_digit(text[i]) < 0 || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
    return true;
}

void scrub_token(const struct rn_scrub *scrub, enum rn_scrub_class class, const char *text,
                 size_t size, struct rn_buf *out)
{
    uint8_t digest[RN_SCRUB_DIGEST];

    scrub_hash_digest(scrub->hash, rn_scrub_class_name(class), text, size, digest);
    rn_buf_byte(out, '_');
    rn_escape_hex(out, digest, (SCRUB_TOKEN - 1) / 2);
}

uint64_t rn_scrub_key_id(const struct rn_scrub *scrub)
{
    uint8_t digest[RN_SCRUB_DIGEST];
    uint64_t id;

    scrub_hash_digest(scrub->hash, "key", NULL, 0, digest);
    memcpy(&id, digest, sizeof id);
    return id;
}

void rn_scrub_digest(const struct rn_scrub *scrub, const void *data, size_t size,
                     uint8_t digest[RN_SCRUB_DIGEST])
{
    scrub_hash_digest(scrub->hash, "fingerprint", data, size, digest);
}
