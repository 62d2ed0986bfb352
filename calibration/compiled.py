"""The compiler of registration and its kin."""

from taver.core.compiled import Compiler

_COMPILER = Compiler(extra="calibrate", to="bring depth and heat onto colour")

compiled = _COMPILER.compiled
inlined = _COMPILER.inlined
