"""Start a task, go away, and come back for it: `python task.py`, later `python task.py TASK_ID`."""

import sys

from platemark_images import DashScope, TaskFailed, TaskTimeout

with DashScope(region="beijing") as client:
    if len(sys.argv) > 1:
        task = client.tasks.resume(sys.argv[1], model="qwen-image-plus")
    else:
        task = client.qwen_image_plus.submit(prompt="A paper lantern that says 'Open late'")
        print("task", task.id)
    try:
        result = task.wait(timeout=120, on_progress=lambda state: print(state.status))
    except TaskTimeout as error:
        sys.exit(f"not done yet; come back with: python task.py {error.task_id}")
    except TaskFailed as error:
        sys.exit(f"{error.state}: {error.message}")
    print(*result.save("out/task"), sep="\n")
