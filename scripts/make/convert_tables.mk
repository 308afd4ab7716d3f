# SPDX-License-Identifier: MIT
# SQLite and libavro, for rn-convert alone.
CONVERT_LIBS += $(AVRO_LIBS) -lsqlite3
CONVERT_FILES += formats/sqlite_% formats/avro_% formats/nsys_%
CONVERT_TESTS += $(addprefix tests/unit/test_,sqlite_% avro_% nsys_%)
