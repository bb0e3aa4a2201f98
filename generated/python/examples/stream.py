"""Texts and pictures while they are made."""

from platemark_images import DashScope, ImageArrived, TextDelta

with DashScope(region="beijing") as client:
    for event in client.wan2_6_image.stream(prompt="A paper lantern that says 'Open late'"):
        match event:
            case TextDelta(text):
                print(text, end="", flush=True)
            case ImageArrived(image):
                print(f"\n[{image.save('out/stream/')}]")
print()
