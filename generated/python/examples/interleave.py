"""Texts and pictures in one answer, saved as Markdown with the pictures beside it."""

from platemark_images import DashScope

with DashScope(region="beijing") as client:
    result = client.wan2_6_image.interleave(prompt="A paper lantern that says 'Open late'")
    *pictures, page = result.save("out/interleave")
    print(f"{page}: {len(result.texts)} texts, {len(pictures)} pictures")
