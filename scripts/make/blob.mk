# SPDX-License-Identifier: MIT
# The code that the inline engine puts into traced programs: linked at its fixed address, then kept
# as an array of bytes in the recorder. It is freestanding, whatever the rest is built with.

BLOB_FLAGS = -std=gnu11 -I. -O2 $(WARNINGS) -ffreestanding -fno-pic -mcmodel=small \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -fno-sanitize=all
# General registers only: vector registers belong to the program. The one file that needs them
# saves what it uses and is kept to the eight that fit its save area.
BLOB_PLAIN = -mgeneral-regs-only
BLOB_VECTOR = -msse2 -mpclmul -mno-avx $(foreach r,8 9 10 11 12 13 14 15,-ffixed-xmm$(r))
BLOB_DIR = $(BUILD)/blob
BLOB_OBJ = $(BLOB_DIR)/blob_entry.o $(BLOB_DIR)/blob_record.o $(BLOB_DIR)/blob_attach.o \
	$(BLOB_DIR)/blob_late.o $(BLOB_DIR)/blob_content.o $(BLOB_DIR)/blob_stack.o $(BLOB_DIR)/blob_crc64.o \
	$(BLOB_DIR)/blob_crc64_fold.o $(BLOB_DIR)/blob_crc64_wide.o
BLOB_HDR = capture/inject/blob_layout.h capture/inject/blob_record.h capture/inject/blob_parts.h \
	capture/inject/blob_crc64.h \
	formats/event.h formats/event_device.h formats/record.h formats/ring_file.h

# -ffixed- is gcc's; the injected code is built with it whatever CC is.
BLOB_CC ?= gcc

ifeq ($(ARCH),x86_64)
BLOB_SRC := $(BUILD)/gen/blob_image.c
$(BLOB_DIR)/blob_crc64_fold.o: BLOB_KIND = $(BLOB_VECTOR)
$(BLOB_DIR)/%.o: BLOB_KIND ?= $(BLOB_PLAIN)

$(BLOB_DIR)/%.o: capture/inject/%.c $(BLOB_HDR) scripts/make/blob.mk
	@mkdir -p $(@D)
	$(BLOB_CC) $(BLOB_FLAGS) $(BLOB_KIND) -c -o $@ $<

$(BLOB_DIR)/%.o: capture/inject/%.S capture/inject/blob_layout.h scripts/make/blob.mk
	@mkdir -p $(@D)
	$(BLOB_CC) -Icapture/inject -c -o $@ $<

$(BLOB_DIR)/blob.elf: $(BLOB_OBJ) capture/inject/blob.ld
	ld -nostdlib -static --build-id=none -T capture/inject/blob.ld -o $@ $(BLOB_OBJ)

$(BUILD)/gen/blob_image.c: $(BLOB_DIR)/blob.elf scripts/gen_blob
	@mkdir -p $(@D)
	sh scripts/gen_blob $< >$@.new && mv $@.new $@
endif
