"""Make pictures and save them. The key comes from DASHSCOPE_API_KEY."""

from platemark_images import DashScope

with DashScope(region="beijing") as client:
    result = client.qwen_image_2_0_pro.text_to_image(prompt="A paper lantern that says 'Open late'")
    for path in result.save("out/quickstart"):
        print(path)
    print("request", result.request_id, "usage", dict(result.usage))
