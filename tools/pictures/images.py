"""Pictures as files: PNG as the browser gives them, or WebP that is small enough for the documentation."""

from io import BytesIO
from pathlib import Path

from PIL import Image

MOST_BYTES = 150_000
QUALITIES = (88, 80, 72, 64, 56)


def write_webp(png: bytes, path: Path) -> int:
    """Write the picture as WebP, as good as the limit allows; its size. Raises ValueError when none is small enough."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for quality in QUALITIES:
        packed = BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() <= MOST_BYTES:
            path.write_bytes(packed.getvalue())
            return packed.tell()
    raise ValueError(f"{path.name} stays above {MOST_BYTES} bytes.")
