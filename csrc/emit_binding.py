"""Writes the cffi wrapper of the C core into the build tree.

CMake runs it; the wrapper is never kept. ``complab_cdef.h`` says what Python sees,
``complab.h`` is the contract, and the compiler checks one against the other.
"""

import sys
from pathlib import Path

from cffi import FFI


def main(cdef_path: str, output_path: str) -> None:
    """Generate the C source of the module ``complab._core``."""
    ffi = FFI()
    ffi.cdef(Path(cdef_path).read_text(encoding="utf-8"))
    ffi.set_source("complab._core", '#include "complab.h"', py_limited_api=True)
    ffi.emit_c_code(output_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
