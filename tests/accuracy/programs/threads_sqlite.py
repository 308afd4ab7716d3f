# SPDX-License-Identifier: MIT
"""threads_sqlite.py THREADS ROWS: threads that write into one database, each through a connection of
its own; prints how many rows there are."""
import sqlite3
import sys
import threading


def write(number, rows):
    base = sqlite3.connect("rows.db", timeout=60, isolation_level=None)
    for row in range(rows):
        base.execute("insert into rows values (?, ?)", (number, row))
    base.close()


base = sqlite3.connect("rows.db")
base.execute("create table rows (thread, number)")
base.commit()
threads = [threading.Thread(target=write, args=(i, int(sys.argv[2]))) for i in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(base.execute("select count(*), sum(number) from rows").fetchone())
