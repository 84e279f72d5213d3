# The compiled wrapper of csrc/ (cffi, API mode). Only complab.core imports it.
from typing import Any

ffi: Any
lib: Any
