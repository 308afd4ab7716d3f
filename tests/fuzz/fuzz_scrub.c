/* SPDX-License-Identifier: MIT */
/* libFuzzer target: a policy, then behind a NUL what an attachment holds. */
#include "libanalysis/scrub.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scrub_all(const struct rn_scrub_policy *policy, const uint8_t *data, size_t size)
{
    static const uint8_t key[16] = "0123456789abcdef";
    static const uint8_t kinds[] = {RN_KIND_SYSCALL, RN_KIND_PROCESS, RN_KIND_NOTICE,
                                    RN_KIND_STREAM, RN_KIND_DECISION};
    struct rn_scrub *scrub = rn_scrub_new(policy, key, sizeof key);

    for (unsigned i = 0; scrub && i < sizeof kinds; i++) {
        for (uint8_t type = 0; type <= RN_ATT_COUNT; type++) {
            const struct rn_attachment item = {
                .type = type, .arg = size ? data[0] % 8 : 0, .size = (uint32_t)size, .data = data};
            struct rn_event event = {
                .kind = kinds[i], .attachment_count = 1, .attachments = &item};
            struct rn_error err = RN_ERROR_INIT;
            struct rn_event out;

            event.u.syscall.nr = size > 1 ? data[1] : 0;
            if (type == RN_ATT_CONTENT)
                continue;
            if (rn_scrub_event(scrub, &event, &out, &err) != RN_OK)
                abort();
        }
    }
    rn_scrub_free(scrub);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    struct rn_scrub_policy *policy = NULL;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_scrub_policy_new((const char *)data, length, &policy, &err) != RN_OK) {
        if (!err.what[0] || policy)
            abort();
        return 0;
    }
    if (length < size)
        scrub_all(policy, data + length + 1, size - length - 1);
    rn_scrub_policy_free(policy);
    return 0;
}
