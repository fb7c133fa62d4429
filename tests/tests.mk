# SPDX-License-Identifier: MIT
# tests.mk: what `make check` and `make test` run.  Every line of a suite is a program that says "N passed, M failed" or
# speaks cmocka's or unittest's language; tests/run.sh adds them up.

include $(wildcard tests/unit/*.mk)

UNIT_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -iquote kernels/include -iquote kernels -iquote workloads \
	-iquote harness -iquote tests/unit -iquote build/gen -Dsched_yield=toll_sched_yield
UNIT_HEADERS := $(wildcard kernels/include/*.h kernels/base/*.h kernels/machine/*.h kernels/host/*.h kernels/parts/*/*.h \
	workloads/pdf/*.h harness/*.h tests/unit/*.h tests/fuzz/*.h)
unit_sources = $(TEST_$(shell echo $(1) | tr a-z- A-Z_)_SRCS)
unit_cflags = $(TEST_$(shell echo $(1) | tr a-z- A-Z_)_CFLAGS)
unit_libs = $(TEST_$(shell echo $(1) | tr a-z- A-Z_)_LIBS)
UNITS := base virtio blk console fs pdf

define unit_rules
build/tests/test_$(1): $(call unit_sources,$(1)) $(UNIT_HEADERS) build/gen/os_calls.h
	@mkdir -p build/tests
	$(Q)$(CC) $(UNIT_CFLAGS) $(call unit_cflags,$(1)) -o $$@ $(call unit_sources,$(1)) -lcmocka $(call unit_libs,$(1))
endef
$(foreach u,$(UNITS),$(eval $(call unit_rules,$(u))))
