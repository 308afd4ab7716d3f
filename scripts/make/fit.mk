# SPDX-License-Identifier: MIT
# Two libraries of their own: librn-fit (models and histories; GSL and SQLite; for rn-backend-fit alone)
# and librn-backend (for programs: needs the C library alone).

BACKEND_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard libanalysis/backend/*.c))
BACKEND_LIBS := $(BUILD)/lib/librn-backend.a $(BUILD)/lib/librn-backend.so
$(BUILD)/obj/libanalysis/backend/%.o: CFLAGS_ALL += -fPIC -fvisibility=hidden

$(BUILD)/lib/librn-backend.a: $(BACKEND_OBJ)
	$(archive)
$(BUILD)/lib/librn-backend.so: $(BACKEND_OBJ)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,librn-backend.so -o $@ $^

ifeq ($(CORE),)
FIT_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard libanalysis/fit/*.c))
FIT_LIBS := $(BUILD)/lib/librn-fit.a $(BUILD)/lib/librn-backend.a

$(BUILD)/lib/librn-fit.a: $(FIT_OBJ)
	$(archive)
endif
