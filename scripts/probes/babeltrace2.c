/* SPDX-License-Identifier: MIT */
#include <babeltrace2/babeltrace.h>
#include <stdio.h>

int main(void)
{
    bt_graph *graph = bt_graph_create(0);

    bt_graph_put_ref(graph);
    printf("%u.%u.%u\n", bt_version_get_major(), bt_version_get_minor(), bt_version_get_patch());
    return graph ? 0 : 1;
}
