"""What Leadport costs, beside the least it could cost and beside what else people would use.

Every figure is measured against a floor in the same run: absolute figures drift with the machine,
ratios hold. `python -m bench --help` lists the rows; docs/decisions/ says what was tried.
"""
