# SPDX-License-Identifier: MIT
# Libraries that are loaded into recorded programs. They are freestanding and need no other library (the
# one for BLAS the C library), so that any program's dynamic linker can load them.

INJECT_CC ?= $(CC)
# What keeps loops from becoming calls of memcpy: gcc needs more than -fno-builtin.
INJECT_LOOPS := $(if $(findstring clang,$(shell $(INJECT_CC) --version)),,-fno-tree-loop-distribute-patterns)
INJECT_FLAGS = -std=gnu11 -I. -I$(BUILD)/gen -D_GNU_SOURCE -O2 -g $(WARNINGS) -ffreestanding -fPIC \
	-fvisibility=hidden -fno-stack-protector $(INJECT_LOOPS) -fno-builtin \
	-fno-sanitize=all -fno-plt -ftls-model=initial-exec
INJECT_DIR = $(BUILD)/inject
INJECT_HDR = $(wildcard capture/inject/producer*.h capture/inject/compute*.h capture/inject/blas*.h \
	capture/inject/opencl*.h capture/inject/cupti_*.h capture/inject/vulkan*.h) \
	capture/inject/rn_simd.h formats/event.h formats/event_device.h formats/record.h formats/ring_file.h \
	formats/ring_cell.h formats/status.h
PRODUCER_OBJ = $(patsubst capture/inject/%.c,$(INJECT_DIR)/%.o,$(wildcard capture/inject/producer*.c))
COMPUTE_OBJ = $(patsubst capture/inject/%.c,$(INJECT_DIR)/%.o,$(wildcard capture/inject/compute_*.c))
CUPTI_OBJ = $(patsubst capture/inject/%.c,$(INJECT_DIR)/%.o,$(wildcard capture/inject/cupti_*.c))
BLAS_OBJ = $(INJECT_DIR)/blas_call.o $(INJECT_DIR)/blas_fftw.o $(INJECT_DIR)/blas_wrappers.o
INJECT_LIBS = $(BUILD)/lib/librn-compute.so $(BUILD)/lib/librn-blas.so
INJECT_LIBS += $(BUILD)/lib/librn-cuda.so
# Each by what the probe found, or was told.
ifeq ($(HAVE_OPENCL),yes)
INJECT_LIBS += $(BUILD)/lib/librn-opencl.so
endif

$(INJECT_DIR)/%.o: capture/inject/%.c $(INJECT_HDR) scripts/make/inject.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(INJECT_CC) $(INJECT_FLAGS) -c -o $@ $<

$(BUILD)/lib/librn-compute.so: $(COMPUTE_OBJ) $(filter-out %/producer_device.o,$(PRODUCER_OBJ))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(INJECT_CC) -shared -nostdlib -Wl,-soname,librn-compute.so -Wl,-z,now -o $@ $^

# The wrappers look functions up: they need the program's C library. Loaded with librn-compute.so, whose
# functions they call.
$(BUILD)/gen/blas_wrappers.c: capture/inject/blas.def scripts/gen_blas.awk
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GEN   $@")
	$(Q)LC_ALL=C $(AWK) -f scripts/gen_blas.awk $< >$@.new && mv $@.new $@

$(INJECT_DIR)/%.o: $(BUILD)/gen/%.c $(INJECT_HDR) scripts/make/inject.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(INJECT_CC) $(INJECT_FLAGS) -c -o $@ $<

$(BUILD)/lib/librn-blas.so: $(BLAS_OBJ) $(BUILD)/lib/librn-compute.so
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(INJECT_CC) -shared -Wl,-soname,librn-blas.so -Wl,-rpath,'$$ORIGIN' -Wl,--as-needed -o $@ \
		$(BLAS_OBJ) $(BUILD)/lib/librn-compute.so

# For the CUDA driver to load. It looks for CUPTI itself, and needs the program's C library alone.
$(BUILD)/lib/librn-cuda.so: $(CUPTI_OBJ) $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(INJECT_CC) -shared -Wl,-soname,librn-cuda.so -Wl,-z,now -Wl,-z,defs -pthread -o $@ $^ -ldl

# A layer of OpenCL's loader: it needs the program's C library, and no library of OpenCL.
OPENCL_OBJ = $(patsubst capture/inject/%.c,$(INJECT_DIR)/%.o,$(wildcard capture/inject/opencl_*.c))
$(BUILD)/lib/librn-opencl.so: $(OPENCL_OBJ) $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(INJECT_CC) -shared -Wl,-soname,librn-opencl.so -Wl,-z,now -Wl,-Bsymbolic -Wl,--as-needed \
		-o $@ $^

# A Vulkan layer, loaded by the program's Vulkan loader: it needs the program's C library. Whatever the
# loader does at the end, it stays in the process, whose threads have rings that are its own.
# -Bsymbolic: its functions are its own too, whoever else is loaded.
VULKAN_OBJ = $(patsubst capture/inject/%.c,$(INJECT_DIR)/%.o,$(wildcard capture/inject/vulkan_*.c))
ifeq ($(HAVE_VULKAN),yes)
INJECT_LIBS += $(BUILD)/lib/librn-vulkan.so
INJECT_DATA += $(BUILD)/lib/librn-vulkan.json
endif

$(BUILD)/lib/librn-vulkan.so: $(VULKAN_OBJ) $(filter-out %/producer_memory.o,$(PRODUCER_OBJ))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(INJECT_CC) -shared -pthread -Wl,-soname,librn-vulkan.so -Wl,-Bsymbolic -Wl,-z,now \
		-Wl,-z,nodelete -Wl,--no-undefined -o $@ $^

$(BUILD)/lib/librn-vulkan.json: capture/inject/vulkan_layer.json
	@mkdir -p $(@D)
	@cp $< $@
