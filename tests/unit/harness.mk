# SPDX-License-Identifier: MIT
#
# harness.mk: unit tests of the harness, under the address and undefined-behaviour sanitizers.  Needs harness.mk of
# harness/ to be included before.  TEST_HARNESS_PROGRAMS are cmocka programs; TEST_HARNESS_SCRIPT tests the command
# line of build/toll against a fake QEMU.

TEST_HARNESS_NAMES := test_harness_books test_harness_compare test_harness_config test_harness_doctor test_harness_hierarchy test_harness_images test_harness_time test_harness_judge test_harness_load test_harness_memory test_harness_model test_harness_rates test_harness_scratch test_harness_servers test_harness_stats test_harness_store
TEST_HARNESS_PROGRAMS := $(addprefix build/tests/,$(TEST_HARNESS_NAMES))
TEST_HARNESS_SCRIPT := tests/harness/run.sh
TEST_HARNESS_CFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -O1
TEST_HARNESS_OBJS := $(patsubst %,build/tests/harness/%.o,$(HARNESS_LIBRARY)) \
	$(HARNESS_TOML:%=build/tests/harness/%_toml.o)

build/tests/harness/%.o: harness/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARNESS_CFLAGS) $(TEST_HARNESS_CFLAGS) -MMD -MP -c -o $@ $<

build/tests/harness/%_toml.o: harness/%.cpp
	@mkdir -p $(@D)
	$(Q)$(CXX) $(HARNESS_CXXFLAGS) $(TEST_HARNESS_CFLAGS) $(HARNESS_TOML_CFLAGS) -MMD -MP -c -o $@ $<

build/tests/harness/test_harness_%.o: tests/unit/test_harness_%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARNESS_CFLAGS) $(TEST_HARNESS_CFLAGS) -iquote . -MMD -MP -c -o $@ $<

$(TEST_HARNESS_PROGRAMS): build/tests/%: build/tests/harness/%.o $(TEST_HARNESS_OBJS)
	$(Q)$(CXX) $(TEST_HARNESS_CFLAGS) -o $@ $^ $(HARNESS_LIBS) -lcmocka

-include $(wildcard build/tests/harness/*.d)
