# SPDX-License-Identifier: MIT
#
# harness.mk: builds build/toll.  HARNESS_LIBRARY is all of it but the command line, for the unit tests.

HARNESS_CFLAGS ?= -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -iquote kernels/include
HARNESS_CXXFLAGS ?= -std=c++17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror
HARNESS_TOML_CFLAGS := -DTOML_HEADER_ONLY=0 -DTOML_SHARED_LIB=1
HARNESS_LIBS := -ltomlplusplus -ljansson -lnettle -lm -pthread

HARNESS_LIBRARY := admit alarms arena audit baseline believe build cautions calibrate_apply calibrate_chase calibrate_cpi \
	calibrate_kvm calibrate_native calibrate_value check client compare compare_facts compare_parts compare_verdict config \
	counting counts error file guest hierarchy histogram host images judge layout load map memory memory_run model model_show peer peer_flow peer_frame peer_steps peer_tcp peers plan probe process profile \
	progress qemu records reference results runner sample session sha256 stats stats_shape stats_test store summary \
	table warnings way
# The time lane: what is seen of the host and of its guests.
HARNESS_LIBRARY += backend load_guest load_tool rates rates_derive serve tap throughput throughput_folder
HARNESS_LIBRARY += boot doctor exit_names exits facts observe observe_pin perf_group perf_kvm qmp round scratch stop tune
# Exits by BPF, where what it takes is installed (harness/deps/deps.sh time); else without, which toll doctor says.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /usr/local/sbin/bpftool))
BPF_CLANG ?= $(firstword $(wildcard /usr/bin/clang-14 /usr/bin/clang))
HARNESS_BPF := $(if $(and $(BPFTOOL),$(BPF_CLANG),$(wildcard /usr/include/bpf/libbpf.h)),yes)
HARNESS_LIBRARY += $(if $(HARNESS_BPF),exits_bpf,exits_bpf_none)
HARNESS_LIBS += $(if $(HARNESS_BPF),-lbpf)
HARNESS_CFLAGS += -isystem build/harness
# Those written in C++, for toml++; each is an object NAME_toml.o.
HARNESS_TOML := config profile
HARNESS_COMMANDS := main command cmd_calibrate cmd_explain cmd_baseline cmd_compare cmd_boot cmd_doctor cmd_list cmd_load cmd_throughput cmd_memory cmd_report cmd_run cmd_show
HARNESS_OBJS := $(patsubst %,build/harness/%.o,$(HARNESS_LIBRARY) $(HARNESS_COMMANDS)) $(HARNESS_TOML:%=build/harness/%_toml.o)

build/harness/%.o: harness/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(HARNESS_CFLAGS) -MMD -MP -c -o $@ $<

build/harness/%_toml.o: harness/%.cpp
	@mkdir -p $(@D)
	$(Q)$(CXX) $(HARNESS_CXXFLAGS) $(HARNESS_TOML_CFLAGS) -MMD -MP -c -o $@ $<

build/harness/kvm_exits.bpf.o: harness/kvm_exits.bpf.c harness/kvm_exits.h kernels/include/wire.h
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) -target bpf -O2 -g -Wall -Wextra -Werror -isystem /usr/include/$(shell uname -m)-linux-gnu \
		-iquote kernels/include -c -o $@ $<

build/harness/kvm_exits.skel.h: build/harness/kvm_exits.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name kvm_exits_bpf >$@

build/harness/exits_bpf.o build/tests/harness/exits_bpf.o: build/harness/kvm_exits.skel.h

build/toll: $(HARNESS_OBJS)
	$(Q)$(CXX) -o $@ $^ $(HARNESS_LIBS)

-include $(HARNESS_OBJS:.o=.d)

# The guest of `toll calibrate`, which measures what crossings cost under KVM.
CALIBRATE_CFLAGS := -std=c17 -O2 -ffreestanding -fno-pie -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-builtin -Wall -Wextra -Werror \
	-iquote kernels/include -iquote harness/calibrate
CALIBRATE_SRCS := harness/calibrate/start.S harness/calibrate/main.c
build/images/calibrate.elf: $(CALIBRATE_SRCS) harness/calibrate/guest.h harness/calibrate/guest.ld \
		kernels/include/wire.h
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(CALIBRATE_CFLAGS) -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
		-Wl,--no-warn-rwx-segments -T harness/calibrate/guest.ld -o $@ $(CALIBRATE_SRCS)
