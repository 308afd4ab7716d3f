# SPDX-License-Identifier: MIT
# make            build the commands and the library under build/
# make check      the quick tests (scripts/check installs what is needed and runs them all)
# make bench      sizes, speeds and overhead, measured on this machine
# make bench-otlp     spans a second, encoded and sent (a few minutes)
# make bench-capture  what recording costs, next to strace and perf (half an hour)
# make bench-compute  what marked compute blocks, BLAS calls and sampling cost (five minutes)
# make bench-compare  how often rn-stat --compare is wrong (three minutes)
# make bench-fit    speed of rn-backend-fit and librn-backend; real kernels; StarPU (ten minutes)
# make bench-gpu  what recording of devices costs (three minutes)
# make accuracy   how often rn-diff is right, on pairs of real programs
# make gpu-bundle build/gpu: a folder that runs on a machine with a GPU and little else
# make check-gpu  record CUDA programs with it and compare, where there is a GPU
# make fuzz       fuzz each target for FUZZ_SECONDS (default 600)
# make install    PREFIX=/usr/local DESTDIR=
# Variables: CC, CFLAGS, BUILD (output directory), SAN=address,undefined, V=1 (show commands),
# WITH_CUPTI=auto, yes or no (compare the interface of CUPTI that is assumed with its own headers),
# WITH_OPENCL=auto|yes|no (record OpenCL), WITH_VULKAN=auto|yes|no (record Vulkan),
# CORE=yes (without rn-diff, rn-validate, rn-graph, rn-export-otlp and rn-backend-fit, and without what
# only they need)

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC = gcc
AR = ar
# What is built for: CC may be a cross compiler.
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Wvla
FUZZ_SECONDS ?= 600
SAN ?=
ifneq ($(SAN),)
SAN_FLAGS = -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
Q = $(if $(V),,@)

all: commands

# What the build found on this machine; made by scripts/probe, which also prints it.
ifneq ($(MAKECMDGOALS),clean)
include $(BUILD)/config.mk
endif

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(ARCHIVE_LIBS) $(shell pkg-config --libs $(PKGS) 2>/dev/null) $(if $(filter x86_64,$(ARCH)),-lZydis) -lm

CPPFLAGS_ALL = -I. -I$(BUILD)/gen -D_GNU_SOURCE $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 -pthread $(WARNINGS) $(CFLAGS) $(SAN_FLAGS)
LDFLAGS_ALL = -pthread $(CFLAGS) $(SAN_FLAGS) -Wl,--as-needed $(LDFLAGS)

# Whoever changes a variable that shapes the objects gets them all built anew.
SETTINGS := $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(SAN) $(CORE) $(WITH_OPENCL) $(WITH_CUPTI) $(WITH_VULKAN)
$(shell mkdir -p $(BUILD); printf '%s\n' '$(SETTINGS)' | cmp -s - $(BUILD)/settings || \
	printf '%s\n' '$(SETTINGS)' >$(BUILD)/settings)

$(BUILD)/config.mk: scripts/probe $(wildcard scripts/probes/*.c) $(BUILD)/settings
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' LDFLAGS='$(LDFLAGS)' CORE='$(CORE)' WITH_OPENCL='$(WITH_OPENCL)' \
		WITH_VULKAN='$(WITH_VULKAN)' WITH_CUPTI='$(WITH_CUPTI)' sh scripts/probe $@

include $(wildcard scripts/make/*.mk)

# CORE=yes: the recorder, the readers and the library, without the commands that need libcurl,
# protobuf-c, libdeflate, libxml2, GSL and SQLite.
LIB_SRC := $(wildcard formats/*.c formats/import/*.c formats/export/*.c libanalysis/*.c)
CAPTURE_SRC := $(wildcard capture/*.c)
CLI_SRC := $(wildcard cmd/cli*.c)
CMD_SRC := $(filter-out $(CLI_SRC),$(wildcard cmd/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
# Some files are of one architecture.
ifeq ($(ARCH),x86_64)
CAPTURE_SRC := $(filter-out capture/portable_%,$(CAPTURE_SRC))
SAMPLE_SRC := $(filter-out samples/simd_neon.c,$(wildcard samples/*.c))
else
CAPTURE_SRC := $(filter-out capture/inline% capture/patch%,$(CAPTURE_SRC))
SAMPLE_SRC := $(filter-out samples/simd_avx%.c,$(wildcard samples/*.c))
endif
ifneq ($(HAVE_VULKAN),yes)
UNIT_SRC := $(filter-out tests/unit/test_vulkan_%,$(UNIT_SRC))
endif
PROGRAM_SRC := $(wildcard tests/programs/*.c)
ROBUSTNESS_SRC := $(wildcard tests/robustness/*.c)
OTLP_SRC := $(wildcard tests/otlp/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)

ifneq ($(CORE),)
LIB_SRC := $(filter-out formats/otlp_% formats/import/otlp_% formats/export/graphml_write.c libanalysis/scrub% $(CONVERT_FILES) \
	$(addprefix libanalysis/symbol_,file.c elf.c dwarf.c cfi.c name.c),$(LIB_SRC))
CLI_SRC := $(filter-out cmd/cli_otlp% cmd/cli_scrub% cmd/cli_diff_junit.c cmd/cli_fit% cmd/cli_convert%,$(CLI_SRC))
CMD_SRC := $(filter-out cmd/rn_export_otlp.c cmd/rn_diff.c cmd/rn_validate.c cmd/rn_graph.c cmd/rn_scrub.c \
	cmd/rn_backend_fit.c cmd/rn_convert.c,$(CMD_SRC))
OTLP_SRC :=
UNIT_SRC := $(filter-out tests/unit/test_fit% tests/unit/test_history% $(CONVERT_TESTS),$(UNIT_SRC))
else
LIB_SRC := $(filter-out libanalysis/symbol_file_none.c,$(LIB_SRC))
endif

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC)) $(GEN_SRC:%.c=%.o)
CAPTURE_OBJ := $(call obj,$(CAPTURE_SRC)) $(BLOB_SRC:.c=.o)
CLI_OBJ := $(call obj,$(CLI_SRC))
ALL_OBJ := $(LIB_OBJ) $(CAPTURE_OBJ) $(CLI_OBJ) \
	$(FIT_OBJ) $(BACKEND_OBJ) $(OPS_OBJ) $(COVERAGE_OBJ) \
	$(call obj,$(CMD_SRC) $(UNIT_SRC) $(SAMPLE_SRC) $(ROBUSTNESS_SRC) $(OTLP_SRC) $(FUZZ_SRC))
COMMANDS := $(subst _,-,$(patsubst cmd/%.c,%,$(CMD_SRC)))
BINS := $(COMMANDS:%=$(BUILD)/bin/%)
UNIT_BINS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
SAMPLE_BINS := $(patsubst samples/%.c,$(BUILD)/samples/%,$(SAMPLE_SRC))
PROGRAM_BINS := $(patsubst tests/programs/%.c,$(BUILD)/programs/%,$(PROGRAM_SRC))
ROBUSTNESS_BINS := $(patsubst tests/robustness/%.c,$(BUILD)/robustness/%,$(ROBUSTNESS_SRC))
OTLP_BINS := $(patsubst tests/otlp/%.c,$(BUILD)/otlp/%,$(OTLP_SRC))
FUZZ_BINS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
LIBS := $(BUILD)/lib/libcli.a $(BUILD)/lib/libcapture.a $(BUILD)/lib/librn.a

# Found beside the commands, as where they are installed.
PLOT_SCRIPTS := $(patsubst scripts/%,$(BUILD)/share/renacer/%,$(wildcard scripts/gnuplot/*.gp scripts/report/*))

commands: $(BINS) $(BUILD)/lib/librn.a $(INJECT_LIBS) $(INJECT_DATA) $(BACKEND_LIBS) $(PLOT_SCRIPTS)
samples: $(SAMPLE_BINS) $(OPS_BIN)
unit: $(UNIT_BINS)
programs: $(PROGRAM_BINS) $(ROBUSTNESS_BINS) $(OTLP_BINS) $(COVERAGE)
fuzz-targets: $(FUZZ_BINS)

$(BUILD)/obj/%.o: %.c $(BUILD)/settings $(GEN_HDR) | $(GEN_SRC)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/settings $(GEN_HDR)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

define archive
	@mkdir -p $(@D)
	@rm -f $@
	$(if $(V),,@echo "  AR    $@")
	$(Q)$(AR) rcs $@ $^
endef
define link
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^
endef

$(BUILD)/lib/librn.a: $(LIB_OBJ)
	$(archive)
$(BUILD)/lib/libcapture.a: $(CAPTURE_OBJ)
	$(archive)
$(BUILD)/lib/libcli.a: $(CLI_OBJ)
	$(archive)

.SECONDEXPANSION:
# XML is written by these alone; the others do without its libraries. They bring what the
# static libarchive leaves out, which then must be there in whole: so these take the shared one.
$(BUILD)/obj/cmd/cli_diff_junit.o $(BUILD)/obj/formats/export/graphml_write.o: PKG_CFLAGS += $(XML_CFLAGS)
$(BUILD)/bin/rn-diff $(BUILD)/bin/rn-validate $(BUILD)/bin/rn-graph $(BUILD)/tests/test_graph_write: \
	PKG_LIBS := -larchive $(XML_LIBS) $(filter-out $(ARCHIVE_LIBS),$(PKG_LIBS))
$(BUILD)/bin/rn-diff $(BUILD)/bin/rn-validate $(BUILD)/bin/rn-export-otlp: PKG_LIBS += $(SYMBOL_LIBS)

# GSL, which is under the GPL, and SQLite are linked by this one alone.
$(BUILD)/bin/rn-backend-fit: $(FIT_LIBS)
$(BUILD)/bin/rn-backend-fit: PKG_LIBS := $(FIT_LIBS) $(BUILD)/lib/librn.a $(SCIENCE_LIBS) $(PKG_LIBS)
ifeq ($(CORE),)
$(BUILD)/bin/rn-scrub: PKG_LIBS += $(SCRUB_LIBS)
$(BUILD)/bin/rn-cat $(BUILD)/bin/rn-info $(BUILD)/bin/rn-merge $(BUILD)/bin/rn-plot $(BUILD)/bin/rn-stat: PKG_LIBS += $(SYMBOL_LIBS)
# Of these, too, the static libarchive leaves out what unpacks. CONVERT_LIBS: scripts/make/convert_*.mk
$(BUILD)/bin/rn-convert: PKG_LIBS := -larchive $(CONVERT_LIBS) $(filter-out $(ARCHIVE_LIBS),$(PKG_LIBS))
$(UNIT_BINS) $(FUZZ_BINS): PKG_LIBS := -larchive $(CONVERT_LIBS) $(SCRUB_LIBS) $(SYMBOL_LIBS) \
	$(filter-out $(ARCHIVE_LIBS),$(PKG_LIBS))
endif
$(BUILD)/obj/tests/unit/test_cupti_abi.o: PKG_CFLAGS += $(CUPTI_CFLAGS)

$(BUILD)/share/renacer/%: scripts/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(BUILD)/bin/rn-plot: | $(PLOT_SCRIPTS)

$(BINS): $(BUILD)/bin/%: $$(BUILD)/obj/cmd/$$(subst -,_,$$*).o $(LIBS)
	$(link) $(PKG_LIBS)
# The same for another machine: what they need lies beside them, as scripts/gpu-bundle puts it.
GPU_BINS := $(addprefix $(BUILD)/gpu/bin/,rn rn-cat rn-info rn-record rn-stat)
ifeq ($(CORE),)
$(BUILD)/gpu/bin/rn-cat $(BUILD)/gpu/bin/rn-info $(BUILD)/gpu/bin/rn-stat: PKG_LIBS += $(SYMBOL_LIBS)
endif
$(GPU_BINS): $(BUILD)/gpu/bin/%: $$(BUILD)/obj/cmd/$$(subst -,_,$$*).o $(LIBS)
	$(link) -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../lib/needed' $(PKG_LIBS)
gpu-bundle: $(GPU_BINS) $(INJECT_LIBS) $(INJECT_DATA)
	BUILD='$(BUILD)' ./scripts/gpu-bundle
check-gpu: gpu-bundle
	$(BUILD)/gpu/check-gpu $(CHECK_GPU)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(LIBS)
	$(link) $(PKG_LIBS) -lcmocka -llzma
# With the library that is otherwise loaded into programs, but for its own memcpy.
$(BUILD)/tests/test_producer: $(COMPUTE_OBJ) $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
FIT_TESTS := $(filter $(BUILD)/tests/test_fit% $(BUILD)/tests/test_history%,$(UNIT_BINS))
$(FIT_TESTS): $(FIT_LIBS)
$(FIT_TESTS): PKG_LIBS := $(FIT_LIBS) $(BUILD)/lib/librn.a $(SCIENCE_LIBS) $(PKG_LIBS)
$(BUILD)/tests/test_backend $(BUILD)/fuzz/fuzz_policy: $(BUILD)/lib/librn-backend.a
$(BUILD)/tests/test_cupti_decode: $(CUPTI_OBJ) $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
$(BUILD)/tests/test_vulkan_map: $(BUILD)/inject/vulkan_map.o
$(BUILD)/tests/test_vulkan_spirv: $(BUILD)/inject/vulkan_spirv.o $(BUILD)/inject/vulkan_names.o
$(BUILD)/tests/test_producer_device: $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
$(BUILD)/samples/%: $(BUILD)/obj/samples/%.o $(BUILD)/lib/librn.a
	$(link) $(PKG_LIBS)
$(BUILD)/robustness/%: $(BUILD)/obj/tests/robustness/%.o $(BUILD)/lib/librn.a
	$(link) $(PKG_LIBS)
$(BUILD)/otlp/%: $(BUILD)/obj/tests/otlp/%.o $(BUILD)/lib/librn.a
	$(link) $(PKG_LIBS)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(LIBS)
	$(link) $(PKG_LIBS) -fsanitize=fuzzer
# Programs to be traced: as plain as a user's, whatever the tree is built with.
$(BUILD)/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) -std=gnu11 -I. -D_GNU_SOURCE $(WARNINGS) -O1 -pthread -o $@ $<

check:
	./scripts/check --quick
bench: all samples programs
	BUILD='$(BUILD)' ./scripts/bench
bench-capture: all programs
	BUILD='$(BUILD)' ./scripts/bench-capture
bench-otlp: all samples programs
	BUILD='$(BUILD)' ./scripts/bench-otlp
bench-compute: all programs
	BUILD='$(BUILD)' ./scripts/bench-compute
bench-compare: all programs
	./scripts/bench-compare '$(BUILD)'

bench-fit: all samples
	BUILD='$(BUILD)' ./scripts/bench-fit
bench-convert: all samples
	BUILD='$(BUILD)' ./scripts/bench-convert
bench-gpu: all programs
	BUILD='$(BUILD)' ./scripts/bench-gpu
	BUILD='$(BUILD)' ./scripts/bench-vulkan
accuracy: all
	tests/accuracy/run '$(BUILD)'
fuzz:
	BUILD='$(BUILD)' ./scripts/fuzz $(FUZZ_SECONDS)

VERSION := $(shell sed -n 's/^\#define RN_VERSION "\(.*\)"/\1/p' cmd/cli.h)
libdir = $(PREFIX)/lib
includedir = $(PREFIX)/include
# What a program that links librn includes.
INSTALLED_HEADERS := $(addprefix formats/,status.h buf.h crc64.h escape.h event.h event_device.h event_schema.h \
	manifest.h reader.h syscall_table.h writer.h) \
	$(addprefix libanalysis/,clock.h crc_image.h device_clock.h diff.h diff_rules.h effect.h filter.h \
	render.h sequence.h statistics.h summary.h trace.h)

$(BUILD)/lib/librn.pc: scripts/librn.pc.in cmd/cli.h $(BUILD)/settings FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

# As programs link them.
INSTALLED_LIBS := $(BUILD)/installed/librn.a $(BUILD)/installed/librn-backend.a
$(INSTALLED_LIBS): $(BUILD)/installed/%: $(BUILD)/lib/% scripts/own_names
	@mkdir -p $(@D)
	$(Q)scripts/own_names $< $@

install: all $(BUILD)/lib/librn.pc $(INSTALLED_LIBS)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(libdir)/pkgconfig' \
		'$(DESTDIR)$(includedir)/renacer/formats' \
		'$(DESTDIR)$(includedir)/renacer/libanalysis' \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions'
	install $(BINS) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 $(INSTALLED_LIBS) '$(DESTDIR)$(libdir)'
	install -d '$(DESTDIR)$(libdir)/renacer'
	install $(INJECT_LIBS) '$(DESTDIR)$(libdir)/renacer'
	for file in $(INJECT_DATA); do \
		install -m 644 $$file '$(DESTDIR)$(libdir)/renacer' || exit 1; \
	done
	install -m 644 capture/inject/rn_simd.h libanalysis/backend/rn_backend.h \
		'$(DESTDIR)$(includedir)'
	install -m 644 $(filter %.so,$(BACKEND_LIBS)) '$(DESTDIR)$(libdir)'
	install -m 644 $(BUILD)/lib/librn.pc '$(DESTDIR)$(libdir)/pkgconfig'
	install -m 644 $(filter formats/%,$(INSTALLED_HEADERS)) \
		'$(DESTDIR)$(includedir)/renacer/formats'
	install -m 644 $(filter libanalysis/%,$(INSTALLED_HEADERS)) \
		'$(DESTDIR)$(includedir)/renacer/libanalysis'
	install -d '$(DESTDIR)$(PREFIX)/share/renacer/gnuplot' '$(DESTDIR)$(PREFIX)/share/renacer/report'
	install -m 644 $(filter %.gp,$(PLOT_SCRIPTS)) '$(DESTDIR)$(PREFIX)/share/renacer/gnuplot'
	install -m 644 $(filter-out %.gp,$(PLOT_SCRIPTS)) '$(DESTDIR)$(PREFIX)/share/renacer/report'
	for page in man/*.[1-8]; do \
		install -D -m 644 $$page \
			"$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}" || exit 1; \
	done
	for command in $(COMMANDS); do \
		install -m 644 scripts/completion/renacer.bash \
			"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$command" || exit 1; \
	done

clean:
	rm -rf $(BUILD)

FORCE:
.PRECIOUS: $(ALL_OBJ)
.PHONY: gpu-bundle check-gpu all commands samples unit programs fuzz-targets check accuracy bench bench-capture bench-otlp bench-compute bench-compare bench-convert bench-gpu bench-fit fuzz install clean FORCE
-include $(ALL_OBJ:.o=.d)
