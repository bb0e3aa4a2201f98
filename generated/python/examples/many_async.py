"""Many requests at once, at most four at a time. One that fails does not stop the others."""

import asyncio

from platemark_images import AsyncDashScope, PlatemarkError

PROMPTS = [f"A paper lantern with the number {number}" for number in range(1, 9)]


async def main() -> None:
    places = asyncio.Semaphore(4)
    async with AsyncDashScope(region="beijing") as client:

        async def make(prompt: str) -> str:
            async with places:
                try:
                    result = await client.wan2_7_image.text_to_image(prompt=prompt, n=1)
                    return f"{prompt}: {', '.join(map(str, await result.save('out/many')))}"
                except PlatemarkError as error:
                    return f"{prompt}: {type(error).__name__}: {error}"

        for line in asyncio.as_completed([make(prompt) for prompt in PROMPTS]):
            print(await line)


asyncio.run(main())
