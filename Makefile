# SPDX-License-Identifier: MIT
# make            build everything under build/
# make check      unit and command tests (scripts/check installs what they need first)
# make install    PREFIX=/usr/local DESTDIR=
# Variables: CC, CFLAGS, BUILD (output directory), SAN=address,undefined

BUILD ?= build
PREFIX ?= /usr/local
CC = gcc
AR = ar
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Wvla
SAN ?=
ifneq ($(SAN),)
SAN_FLAGS = -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
CPPFLAGS_ALL = -I. -I$(BUILD)/gen -D_GNU_SOURCE $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 -pthread $(WARNINGS) $(CFLAGS) $(SAN_FLAGS)
LDFLAGS_ALL = -pthread $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS)

PKGS = libarchive libzstd jansson
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

include $(wildcard scripts/make/*.mk)

LIB_SRC := $(wildcard formats/*.c libanalysis/*.c)
CAPTURE_SRC := $(wildcard capture/*.c)
CLI_SRC := $(wildcard cmd/cli*.c)
CMD_SRC := $(filter-out $(CLI_SRC),$(wildcard cmd/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
SAMPLE_SRC := $(wildcard samples/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC)) $(GEN_SRC:%.c=%.o)
CAPTURE_OBJ := $(call obj,$(CAPTURE_SRC))
CLI_OBJ := $(call obj,$(CLI_SRC))
COMMANDS := $(patsubst cmd/%.c,%,$(CMD_SRC))
BINS := $(foreach c,$(COMMANDS),$(BUILD)/bin/$(subst _,-,$(c)))
UNIT_BINS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
SAMPLE_BINS := $(patsubst samples/%.c,$(BUILD)/samples/%,$(SAMPLE_SRC))

all: $(BINS) $(BUILD)/lib/librn.a
samples: $(SAMPLE_BINS)
unit: $(UNIT_BINS)

$(BUILD)/obj/%.o: %.c $(GEN_HDR) | $(GEN_SRC)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(GEN_HDR)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/lib/librn.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/lib/libcapture.a: $(CAPTURE_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

.SECONDEXPANSION:
$(BINS): $(BUILD)/bin/%: $$(BUILD)/obj/cmd/$$(subst -,_,$$*).o $(CLI_OBJ) $(BUILD)/lib/libcapture.a $(BUILD)/lib/librn.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(CLI_OBJ) $(BUILD)/lib/libcapture.a $(BUILD)/lib/librn.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lcmocka -llzma

$(BUILD)/samples/%: $(BUILD)/obj/samples/%.o $(BUILD)/lib/librn.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

clean:
	rm -rf $(BUILD)

.PHONY: all samples unit clean
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
