"""The compiler of the simulated rig: the same picture has to come out of any process."""

from taver.core.compiled import Compiler

_COMPILER = Compiler(extra="sim", to="draw simulated pictures")

compiled = _COMPILER.compiled
inlined = _COMPILER.inlined
