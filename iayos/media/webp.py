"""WebP, decoded straight into a smaller picture.

Pillow decodes a WebP with four whole canvases (800 MB for 50 megapixels); the library under it can scale while it decodes and
then needs one at most. It is called here with its own C interface, whose layout its version number guarantees.
"""

import ctypes
from typing import Any, Final

from PIL import Image, _webp

from iayos.media.inspect import Bad
from iayos.media.states import Reason

ABI: Final = 0x0210
MODE_RGBA: Final = 1


class _Features(ctypes.Structure):
    _fields_ = [
        ("width", ctypes.c_int), ("height", ctypes.c_int), ("has_alpha", ctypes.c_int), ("has_animation", ctypes.c_int),
        ("format", ctypes.c_int), ("pad", ctypes.c_uint32 * 5),
    ]  # fmt: skip


class _Plane(ctypes.Structure):
    _fields_ = [("pixels", ctypes.c_void_p), ("stride", ctypes.c_int), ("size", ctypes.c_size_t)]


class _Planes(ctypes.Union):
    _fields_ = [("rgba", _Plane), ("yuva", ctypes.c_byte * 80)]


class _Buffer(ctypes.Structure):
    _fields_ = [
        ("colorspace", ctypes.c_int), ("width", ctypes.c_int), ("height", ctypes.c_int), ("is_external", ctypes.c_int),
        ("planes", _Planes), ("pad", ctypes.c_uint32 * 4), ("private", ctypes.c_void_p),
    ]  # fmt: skip


class _Options(ctypes.Structure):
    _fields_ = [
        ("bypass_filtering", ctypes.c_int), ("no_fancy_upsampling", ctypes.c_int), ("use_cropping", ctypes.c_int),
        ("crop", ctypes.c_int * 4), ("use_scaling", ctypes.c_int), ("scaled_width", ctypes.c_int),
        ("scaled_height", ctypes.c_int), ("use_threads", ctypes.c_int), ("dithering", ctypes.c_int),
        ("flip", ctypes.c_int), ("alpha_dithering", ctypes.c_int), ("pad", ctypes.c_uint32 * 5),
    ]  # fmt: skip


class _Config(ctypes.Structure):
    _fields_ = [("input", _Features), ("output", _Buffer), ("options", _Options)]


def decode(content: bytes, size: tuple[int, int]) -> Image.Image:
    """The picture at `size`, which is not larger than it is; RGBA."""
    library: Any = ctypes.CDLL(_webp.__file__)  # brings the library that Pillow itself uses
    config = _Config()
    if not library.WebPInitDecoderConfigInternal(ctypes.byref(config), ABI):
        raise Bad(Reason.TOO_COMPLEX, "another libwebp")
    config.options.use_scaling = 1
    config.options.scaled_width, config.options.scaled_height = size
    config.output.colorspace = MODE_RGBA
    library.WebPDecode.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
    fault = library.WebPDecode(content, len(content), ctypes.byref(config))
    try:
        if fault:
            raise Bad(Reason.TOO_COMPLEX if fault == 1 else Reason.CORRUPT, f"libwebp {fault}")
        plane = config.output.planes.rgba
        pixels = ctypes.string_at(plane.pixels, plane.stride * size[1])
        return Image.frombytes("RGBA", size, pixels, "raw", "RGBA", plane.stride, 1)
    finally:
        library.WebPFreeDecBuffer(ctypes.byref(config.output))
