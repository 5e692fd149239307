"""A state-vector simulator for circuits that run again and again with other values of their parameters.

`device.QulacsSimulator` is a Braket device: it compiles a circuit once, fuses its diagonal gates, and then
only sets the new values. The arithmetic is that of qulacs (Suzuki et al., Quantum 5, 559, 2021), which has
to be installed.
"""
