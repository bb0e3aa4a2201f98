"""What would it cost, and nothing that costs more."""

from platemark_images import CostExceeded, CostUnknown, DashScope

with DashScope(region="beijing") as client:
    print(client.wan2_7_image.estimate("sequence", prompt="A paper lantern that says 'Open late'"))
    careful = client.with_options(max_cost="0.20 CNY")
    try:
        careful.wan2_7_image.sequence(prompt="A paper lantern that says 'Open late'")
    except CostExceeded as error:
        print("not sent:", error)
    try:
        careful.wan2_7_image.sequence(prompt="A paper lantern that says 'Open late'", max_cost="5.00 XTS")
    except CostUnknown as error:
        print("not sent:", error)
