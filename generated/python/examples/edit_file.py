"""Change a picture that lies on this computer: `python edit_file.py photo.png`. It is sent within the request."""

import sys
from pathlib import Path

from platemark_images import DashScope, RequestInvalid

photo = Path(sys.argv[1] if len(sys.argv) > 1 else "photo.png")
with DashScope(region="beijing") as client:
    try:
        result = client.qwen_image_2_0_pro.edit(prompt="A paper lantern that says 'Open late'", images=[photo])
    except RequestInvalid as error:  # a picture that is too small or too large, say; nothing was sent
        sys.exit(str(error))
    print(*result.save("out/edit"), sep="\n")
