"""The pictures of the demo, drawn when they are needed."""

from io import BytesIO
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 400
STRIPE: Final = 40


def drawn(words: str, *, colour: str = "steelblue") -> tuple[str, bytes, str]:
    """A picture with a few words on it, as a form sends it: name, content, kind."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for place, letter in enumerate(words.encode()):  # no two pictures look alike
        left = place * STRIPE % WIDTH
        pen.rectangle((left, HEIGHT - letter, left + STRIPE, HEIGHT), fill=colour)
    pen.text((STRIPE, STRIPE), words, fill="black", font_size=STRIPE)
    file = BytesIO()
    image.save(file, "JPEG")
    return "photo.jpg", file.getvalue(), "image/jpeg"
