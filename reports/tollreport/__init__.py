# SPDX-License-Identifier: MIT
"""The parts of report.py, in reading order: model and reading have a run; families order its workloads; entries are what
pages are made of; counted, across, durability, memory, counting, timed, modelled with budget, misses, rates and cautions make
tables; figures and pictures draw; page writes."""
