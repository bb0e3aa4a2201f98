"""A batch that goes on where it was, however it ended: run it again, and nothing is made or billed twice."""

from platemark_images import DashScope

JOBS = [
    {"id": f"lantern-{number}", "model": "wan2.7-image", "prompt": f"A paper lantern with the number {number}", "n": 1}
    for number in range(1, 6)
]

with DashScope(region="beijing") as client:
    done = client.batch(JOBS, journal="run.sqlite", folder="out/batch", concurrency=2)
    print(done.counts)
    for job in (*done.failed, *done.unknown):
        print(job)
