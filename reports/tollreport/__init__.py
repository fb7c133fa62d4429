# SPDX-License-Identifier: MIT
"""The parts of report.py, in reading order: model and reading have a run; entries are what pages are made of; counted,
across, counting, timed, modelled with budget, misses and cautions make tables; figures and pictures draw; page writes."""
