"""The compiler of what is worked out for every frame of a face."""

from taver.core.compiled import Compiler

compiled = Compiler(extra="faces", to="find faces").compiled
