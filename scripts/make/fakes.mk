# SPDX-License-Identifier: MIT
# Fakes of what a machine with a GPU has, for tests (tests/fakes/): shared libraries under the names that
# programs look for, and the program that uses them.

FAKE_DIR = $(BUILD)/fakes
FAKE_BINS = $(FAKE_DIR)/libcuda.so.1 $(FAKE_DIR)/libcupti.so.13 $(FAKE_DIR)/fake_program
FAKE_HDR = tests/fakes/fake_cuda.h capture/inject/cupti_abi.h
FAKE_CC = $(CC) -std=gnu11 -I. -D_GNU_SOURCE $(WARNINGS) -O1 -pthread

programs: $(FAKE_BINS)

$(FAKE_DIR)/libcuda.so.1: tests/fakes/fake_cuda.c $(FAKE_HDR) $(BUILD)/settings
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(FAKE_CC) -fPIC -shared -Wl,-soname,libcuda.so.1 -o $@ $<
$(FAKE_DIR)/libcupti.so.13: tests/fakes/fake_cupti.c tests/fakes/fake_cupti.map $(FAKE_HDR) $(BUILD)/settings
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(FAKE_CC) -fPIC -ftls-model=initial-exec -shared -Wl,-soname,libcupti.so.13 \
		-Wl,--version-script,tests/fakes/fake_cupti.map -o $@ $<
$(FAKE_DIR)/fake_program: tests/fakes/fake_program.c $(FAKE_HDR) $(BUILD)/settings
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(FAKE_CC) -o $@ $<
