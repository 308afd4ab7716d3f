/* SPDX-License-Identifier: MIT */
#include <avro.h>
#include <stdio.h>

int main(void)
{
    avro_schema_t schema = avro_schema_long();

    if (!schema)
        return 1;
    puts("libavro");
    return 0;
}
