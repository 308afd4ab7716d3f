# SPDX-License-Identifier: MIT
# SQLite and libavro, for rn-convert alone.
CONVERT_LIBS += $(AVRO_LIBS) -lsqlite3
CONVERT_FILES += formats/export/sqlite_% formats/export/avro_% formats/import/nsys_%
CONVERT_TESTS += $(addprefix tests/unit/test_,sqlite_% avro_% nsys_%)
