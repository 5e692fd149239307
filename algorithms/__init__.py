"""Variational quantum algorithms as Amazon Braket hybrid jobs.

This folder is a job's whole source module: it needs the Braket SDK, numpy and scipy, is faster with qulacs,
and all it knows of a run are the strings that Braket passes. The entry points are `algorithms.vqe_h2:main`
and `algorithms.qaoa_maxcut:main`.
"""
