/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

void rn_index_clear(struct rn_index *index)
{
    free(index->members);
    free(index->sealed_by);
    memset(index, 0, sizeof *index);
}

enum rn_status rn_index_add(struct rn_index *index, const struct rn_index_member *member,
                            struct rn_error *err)
{
    size_t count = index->member_count;

    /* Room is a power of two, so the count alone says when it is used up. */
    if ((count & (count - 1)) == 0) {
        size_t room = count ? 2 * count : 1;
        struct rn_index_member *members = realloc(index->members, room * sizeof *members);

        if (!members)
            return rn_fail(err, RN_E_NOMEM, "no memory for an index of %zu members", room);
        index->members = members;
    }
    index->members[index->member_count++] = *member;
    return RN_OK;
}
