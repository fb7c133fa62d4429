# SPDX-License-Identifier: MIT
# The counting plugin for QEMU.  Needs nothing but a C compiler: QEMU's own functions are found when it loads.
PLUGIN := build/plugin/toll-count.so
PLUGIN_SOURCES := $(wildcard harness/plugin/*.c)
PLUGIN_HEADERS := $(wildcard harness/plugin/*.h) kernels/include/wire.h
PLUGIN_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden -Wall -Wextra -Werror

$(PLUGIN): $(PLUGIN_SOURCES) $(PLUGIN_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PLUGIN_CFLAGS) -shared -o $@ $(PLUGIN_SOURCES) -ldl

.PHONY: plugin plugin-test
plugin: $(PLUGIN)

plugin-test: $(PLUGIN)
	bash tests/plugin/run.sh $(PLUGIN)
