/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>

int main(void)
{
    sqlite3 *db;

    return sqlite3_open(":memory:", &db) != SQLITE_OK || printf("%s\n", sqlite3_libversion()) < 0;
}
