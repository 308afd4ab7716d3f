# SPDX-License-Identifier: MIT
# CTF: libbabeltrace2 reads it, for rn-convert alone.
CTF_CFLAGS := $(shell pkg-config --cflags babeltrace2 2>/dev/null)
CTF_LIBS := $(shell pkg-config --libs babeltrace2 2>/dev/null)
CONVERT_LIBS += $(CTF_LIBS)
$(BUILD)/obj/formats/import/ctf_read%.o: PKG_CFLAGS += $(CTF_CFLAGS)
CONVERT_FILES += formats/import/ctf_read%
CONVERT_TESTS += tests/unit/test_ctf%
