"""Put on PYTHONPATH, this takes from a Python program, and from what it executes, root's right to pass over the
permissions of files. Without it a test that runs as root could not find out what happens when they are missing."""

import ctypes

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2

for _right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
    # It counts from the next exec; where nobody is root there is nothing to take.
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _right, 0, 0, 0)
