# SPDX-License-Identifier: MIT
# toll: what an operating system's structure costs.  `make help` lists what can be done.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
CC := gcc
CXX := g++

# V=1 shows every command.
Q := $(if $(V),,@)

# What is missing is installed or built when a goal needs it; `make deps DEPS=check` only reports.  Until build/deps.mk
# is there nothing else is looked at, for its tools may be missing: make starts anew when it is.
ifneq ($(filter-out help deps clean distclean format,$(MAKECMDGOALS)),)
include build/deps.mk build/servers.mk
ifneq ($(wildcard build/deps.mk),)
include kernels/build.mk
include kernels/linux/linux.mk
include workloads/disk.mk
include harness/harness.mk
include harness/plugin/plugin.mk
include tests/tests.mk
endif
endif

DEPS_GROUPS := bench $(if $(filter test check fuzz golden% unit% %-built,$(MAKECMDGOALS)),test)
build/deps.mk build/servers.mk &: deps-always
	@harness/deps/deps.sh $(DEPS_GROUPS)

.PHONY: help deps deps-always bench throughput report memory readme peers reference loc test check format clean distclean
deps-always:

help:
	@printf '%s\n' \
		'make bench      install what is missing, build, run everything, write results and the report' \
		'make throughput requests a second by redis-benchmark, wrk and ab, against Linux (15 minutes)' \
		'make test       everything that can be checked here (15 minutes)' \
		'make test-kvm   the time lane under a KVM on an emulated processor (5 to 10 minutes)' \
		'make soak       the tests that take long: crashes, days of servers, hostile input (2 hours)' \
		'make check      layers, unit tests, golden files (1 minute)' \
		'make reference  the exact counts that the tests expect, after a change that was meant' \
		'make peers      instructions per operation beside those of other systems' \
		'make memory     the smallest memory with which systems work, for the newest results; Linux too (5 minutes)' \
		'make readme     the numbers of README.md, from results/reference and the newest results' \
		'make loc        lines of code, shared and by structure' \
		'make report     the report of the newest results once more' \
		'make deps       only install and fetch what is needed (DEPS=check: only say what is missing)' \
		'make images     build every image;  make format: clang-format;  make clean, make distclean' \
		'build/toll help further verbs: run, list, show, report, compare, baseline, explain, calibrate, doctor'

deps:
	@harness/deps/deps.sh bench test

ifneq ($(filter bench report memory peers test check,$(MAKECMDGOALS)),)
$(if $(and $(wildcard build/deps.mk),$(if $(wildcard build/toll),,no)),$(info building the harness))
endif

# TOLL_ARGS: further arguments for `toll run`, such as --only uni/pdf_open.
bench: build/toll build/plugin/toll-count.so
	@status=0; run=$$(build/toll run $(TOLL_ARGS)) || status=$$?; \
	if [ -n "$$run" ] && [ $$status -ne 130 ]; then build/toll memory --run "$$run" >/dev/null || status=$$?; fi; \
	if [ -n "$$run" ] && [ $$status -ne 130 ]; then build/toll report "$$run" || status=$$?; fi; exit $$status

# TOLL_ARGS: further arguments for `toll throughput`; `latest` puts what is measured into the newest run.
throughput: build/toll
	@status=0; run=$$(build/toll throughput $(TOLL_ARGS)) || status=$$?; \
	if [ -n "$$run" ] && [ $$status -ne 130 ]; then build/toll report "$$run" || status=$$?; fi; exit $$status

report: build/toll
	@build/toll report

# Those of `make bench`, and Linux's.
MEMORY_OF := null pdf_open kv_get web_1k db_insert_auto
memory: build/toll build/plugin/toll-count.so
	@build/toll memory --run latest "$$(printf '*:default/%s,' $(MEMORY_OF) | sed 's/,$$//')" && build/toll report

# The numbers of README.md: those of results/reference; Linux's and the smallest memory are the newest run's.
readme:
	@$(PYTHON) reports/readme.py $(if $(wildcard results/latest/results.json),results/latest)

peers: build/toll
	@build/toll report --peers

# What the tests compare this tree's exact counts with; to be committed with the change that moves them.
reference: build/toll build/plugin/toll-count.so
	@run=$$(mktemp -d)/run; status=0; \
	only=$$(cd kernels && printf '%s/*,' $$(dirname */image.mk)); \
	build/toll run --lane exact --reps 1 --only "$${only%,}" -o "$$run" >/dev/null && \
	build/toll baseline counts results/reference "$$run" || status=$$?; \
	rm -rf "$${run%/run}"; exit $$status

loc:
	@$(PYTHON) kernels/gen/loc.py

format:
	clang-format-14 -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf build reports/out

distclean: clean
	rm -rf "$${TOLL_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/toll}"
