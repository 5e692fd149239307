"""Variational quantum algorithms as Amazon Braket hybrid jobs.

This folder is a job's whole source module: it needs the Braket SDK, numpy and scipy, is faster with qulacs
and NLopt, and all it knows of a run are the strings that Braket passes. The entry points are
`algorithms.vqe:main` and `algorithms.qaoa_maxcut:main`.
"""

__import_ahead__ = True
# Importing any of these modules has no effects and depends on nothing that differs between jobs, so one
# import serves all jobs that one process forks.
