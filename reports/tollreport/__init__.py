# SPDX-License-Identifier: MIT
"""The parts of report.py: model reads a run, pictures draws, page writes; text formats numbers."""
