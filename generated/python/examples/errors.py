"""What can go wrong, and what to do then."""

import sys

from platemark_images import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    ContentRejected,
    DashScope,
    OutcomeUnknown,
    RateLimited,
    RequestInvalid,
    ResultExpired,
)

try:
    with DashScope(region="beijing") as client:
        result = client.qwen_image_2_0_pro.text_to_image(prompt="A paper lantern that says 'Open late'")
        print(*result.save("out/errors"), sep="\n")
except RequestInvalid as error:
    sys.exit("\n".join(f"{v.rule}: {v.limit}; nearest: {v.nearest}" for v in error.violations))
except ConfigurationError as error:
    sys.exit(str(error))
except AuthenticationError as error:
    sys.exit(f"check key and region: {error}")
except ContentRejected as error:
    sys.exit(f"the {error.stage or 'content'} was refused; another prompt may do: {error}")
except RateLimited as error:
    sys.exit(f"{error.reason} limit; ask again in {error.retry_after or 'some'} s")
except OutcomeUnknown as error:
    sys.exit(f"it may have been accepted and billed; look before you send it again: {error}")
except ConnectionFailed as error:
    sys.exit(f"not reached, nothing was made: {error}")
except ResultExpired as error:
    sys.exit(f"too late for this picture: {error}")
except APIError as error:
    sys.exit(f"{error.code}: {error.message} (request {error.request_id})")
