# SPDX-License-Identifier: MIT
# Tables made from formats/xlat/*.in and formats/*.def by awk. Included before the Makefile's own
# first rule, which stays the default.
.DEFAULT_GOAL := all

GEN_HDR := $(BUILD)/gen/xlat_ids.gen.h
GEN_SRC := $(BUILD)/gen/xlat_tables.c $(BUILD)/gen/syscall_infos.c

# Sorted, so that the numbers of the tables do not depend on the file system.
XLAT_IN := $(sort $(wildcard formats/xlat/*.in))
SYSCALL_DEF := formats/syscalls.def $(sort $(wildcard formats/syscall_numbers_*.def))
AWK ?= awk

$(BUILD)/gen/xlat_ids.gen.h: $(XLAT_IN) scripts/gen_xlat.awk
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GEN   $@")
	$(Q)LC_ALL=C $(AWK) -v out=header -f scripts/gen_xlat.awk $(XLAT_IN) >$@.new && mv $@.new $@

$(BUILD)/gen/xlat_tables.c: $(XLAT_IN) scripts/gen_xlat.awk
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GEN   $@")
	$(Q)LC_ALL=C $(AWK) -v out=source -f scripts/gen_xlat.awk $(XLAT_IN) >$@.new && mv $@.new $@

$(BUILD)/gen/syscall_infos.c: $(XLAT_IN) $(SYSCALL_DEF) scripts/gen_syscalls.awk
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GEN   $@")
	$(Q)LC_ALL=C $(AWK) -f scripts/gen_syscalls.awk $(XLAT_IN) $(SYSCALL_DEF) >$@.new && mv $@.new $@

ifeq ($(CORE),)
# The messages of OTLP. Generated code has the generator's style, not this project's warnings.
GEN_HDR += $(BUILD)/gen/otlp.pb-c.h
GEN_SRC += $(BUILD)/gen/otlp.pb-c.c

$(BUILD)/gen/otlp.pb-c.c: formats/otlp.proto
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GEN   $@")
	$(Q)protoc-c --proto_path=formats --c_out=$(@D) $<
$(BUILD)/gen/otlp.pb-c.h: $(BUILD)/gen/otlp.pb-c.c
	@touch $@
endif
