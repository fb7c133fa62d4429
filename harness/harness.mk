# SPDX-License-Identifier: MIT
#
# harness.mk: builds build/toll.  HARNESS_LIBRARY is all of it but the command line, for the unit tests.

HARNESS_CFLAGS ?= -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -iquote kernels/include
HARNESS_CXXFLAGS ?= -std=c++17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror
HARNESS_TOML_CFLAGS := -DTOML_HEADER_ONLY=0 -DTOML_SHARED_LIB=1
HARNESS_LIBS := -ltomlplusplus -ljansson -lnettle -lm -pthread

HARNESS_LIBRARY := admit arena audit believe build config counts error file guest host images judge layout map peers \
	plan probe process progress qemu records results runner sample session sha256 stats store summary table way
HARNESS_COMMANDS := main command cmd_doctor cmd_list cmd_report cmd_run cmd_show
HARNESS_OBJS := $(patsubst %,build/harness/%.o,$(HARNESS_LIBRARY) $(HARNESS_COMMANDS)) build/harness/config_toml.o

build/harness/%.o: harness/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARNESS_CFLAGS) -MMD -MP -c -o $@ $<

build/harness/config_toml.o: harness/config.cpp
	@mkdir -p $(@D)
	$(Q)$(CXX) $(HARNESS_CXXFLAGS) $(HARNESS_TOML_CFLAGS) -MMD -MP -c -o $@ $<

build/toll: $(HARNESS_OBJS)
	$(Q)$(CXX) -o $@ $^ $(HARNESS_LIBS)

-include $(HARNESS_OBJS:.o=.d)
