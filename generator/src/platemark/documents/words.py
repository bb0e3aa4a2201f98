"""The words by which pages say what a figure is for: English and Chinese, patterns over normal text in small letters.

The names of parameters are no matter of language: specs say by which words documents call them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CJK = "\u4e00-\u9fff"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


NEAR = 48
"""How many characters before a figure may say what it is for."""

BEFORE: Mapping[str, re.Pattern[str]] = {
    "default": _any(
        r"defaults?(?: \w+){0,3}(?: is| are| to| value)*[:\s(~]*(?:about |approximately )?$",
        r"by default[^.]{0,20}$",
        r"(?:默认|缺省)(?:值|为|是|取|分辨率|[" + _CJK + r"]{0,6}(?:为|是))?[\s:]*[\"']?(?:约)?$",
        r"(?:if (?:omitted|not set)|when omitted|不传|不设置|未设置)[^.;。]{0,24}$",
    ),
    "example": _any(
        r"(?:examples?|e\.g\.?|such as|for instance|sample)\b[:,\s]*(?:[^.;。]{0,40})$",
        r"(?:示例|例如|比如|样例|举例|如)(?:值)?[:,\s]*[^。;]{0,24}$",
    ),
    "recommended": _any(
        r"recommend|common\b|suggest|good choices|best (?:quality|result)",
        r"(?:quality|results?) (?:is|are) best|optimal",
        r"推荐|建议|常用|效果更佳|最佳",
    ),
    "fixed": _any(
        r"fixed (?:value|at|to)?|must be(?: set to)?\s*$|固定(?:为|值)?|只能(?:为|是)?|必须(?:为|是|设置为)",
        r"exactly",
        r"(?:,|takes?|and|accepts?) only\s*$|(?<!\w)only\s*$|仅(?:支持|为)?\s*$",
    ),
    "high": _any(
        r"(?:max(?:imum)?|at most|up to|no more than|not exceed|within|<=|<)[^.;。0-9]{0,40}$",
        r"(?:not be (?:more|greater|larger|longer) than|limit(?:ed to| of| is)?)[^.;。0-9]{0,40}$",
        r"(?:不超过|不得超过|不能超过|最大|最多|最长|上限|不大于|小于等于|至多|限制(?:为|在)?)[^。;0-9]{0,16}$",
    ),
    "low": _any(
        r"(?:min(?:imum)?|at least|no (?:less|fewer|smaller) than|>=|>|from)[^.;。0-9]{0,30}$",
        r"(?:不小于|不少于|不低于|至少|最小|最少|最短|下限|大于等于)[^。;0-9]{0,16}$",
    ),
    "rounds": _any(r"multiples? of[^0-9]{0,6}$", r"(?:整除|倍数)[^0-9]{0,6}$"),
    "keep": _any(
        r"(?:valid|expire\w*|retain\w*|kept|purge\w*|queried|available|stored)\b[^.;。]{0,40}$",
        r"(?:有效期?|保留|保存|留存|过期|失效|清除)[^。;]{0,24}$",
    ),
    "alias": _any(
        r"(?:same (?:\w+ )?(?:capabilit\w+ )?as|equivalent to|identical to)[^.;]{0,24}$",
        r"(?:points? to|resolves? to|alias(?:es)? (?:of|for)|refers to)[^.;]{0,24}$",
        r"(?:等同于|等价于|相同于?|能力(?:等同|一致)|指向|同(?!步))[^。;]{0,12}$",
    ),
    "output": _any(
        r"(?:output|generated|result)\w*(?: \w+){0,3}\s*$", r"(?:输出|生成)[^。;]{0,8}$", r"^format: ?$|^格式: ?$"
    ),
    "poll": _any(r"(?:poll|interval|repeat|every|query interval)[^.;。]{0,48}$", r"(?:轮询|间隔|每隔)[^。;]{0,24}$"),
}
"""What stands right before a figure → its role. Where two patterns fit, both roles hold."""

AFTER: Mapping[str, re.Pattern[str]] = {
    "example": _any(r"^[^.;。]{0,20}\b(?:for example|for instance)\b"),
    "default": _any(
        r"^\s*[)\]]?\s*[(,:]?\s*(?:the |by |is the )?default\b(?!\s*(?:is|:|=|value)?\s*[\"']?\d)",
        r"^\s*[(,:]?\s*(?:为)?(?:默认|缺省)(?!值?[为是:]?\s*[\"']?\d)",
    ),
    "recommended": _any(r"^[^.;。]{0,16}(?:\((?:recommended|推荐)|(?:is|are) recommended)"),
    "high": _any(
        r"^[^.;。0-9]{0,12}(?:or (?:less|fewer)|max(?:imum)?\b|at most)", r"^[^.;。0-9]{0,6}(?:以内|以下|之内)"
    ),
    "low": _any(r"^[^.;。0-9]{0,12}or more", r"^[^.;。0-9]{0,6}(?:以上)"),
    "rounds": _any(r"^\s*的?(?:整数?倍|倍数|整除)"),
    "fixed": _any(r"^\s*only\b"),
    "keep": _any(r"^\s*(?:以?后|之?内|内)?(?:即|自动|会被?|将被?|均|都)*(?:作废|失效|过期|清除|删除|可查|有效)"),
}
"""What stands right after a figure → its role."""

UNITS: Mapping[str, re.Pattern[str]] = {
    "characters": _any(r"^\s*[-\s]?(?:chinese |unicode )?char(?:acter)?s?\b", r"^\s*个?(?:字符|汉字|字)"),
    "tokens": _any(r"^\s*tokens?\b", r"^\s*个?\s*token"),
    "pixels": _any(r"^\s*(?:px|pixels?)", r"^\s*个?像素"),
    "outputs": _any(r"^\s*(?:output|result|generated|edited) (?:images?|pictures?)", r"^\s*张(?:输出|生成|结果)"),
    "inputs": _any(
        r"^\s*(?:input|reference) (?:images?|pictures?)|^\s*refs\b|^\s*references\b", r"^\s*张(?:输入|参考)"
    ),
    "images": _any(r"^\s*(?:[a-z]+ ){0,2}?(?:images?|pictures?)\b", r"^\s*张|^\s*个?(?:图像|图片)"),
    "texts": _any(r"^\s*\{?(?:edit |text )?(?:text|instruction|prompt)s?\b", r"^\s*个?(?:文本|提示词)"),
    "items": _any(r"^\s*(?:text|image|message)? ?(?:items?|objects?|elements?|entries)\b"),
    "rate": _any(
        r"^\s*(?:qps|rps|rpm|tps)\b|^\s*(?:requests?|calls?|times?|queries) (?:per|a|each|every)",
        r"^\s*/ ?(?:s|sec|second|min|minute)\b|^\s*per (?:second|minute)",
        r"^\s*次(?:请求|调用)?/|^\s*次每",
    ),
    "concurrent": _any(
        r"^\s*(?:concurrent|parallel|running|simultaneous)",
        r"^\s*tasks? (?:at a time|at once|in parallel)",
        r"^\s*个(?:任务|并发)",
    ),
    "colors": _any(r"^\s*colou?rs?\b", r"^\s*[种个](?:颜色|色)"),
    "boxes": _any(r"^\s*(?:bounding )?boxes\b", r"^\s*个(?:框|选框)"),
}
"""What a plain number counts, by what stands right after it."""

COLUMN_UNITS: Mapping[str, re.Pattern[str]] = {
    "concurrent": _any(r"concurren|parallel|simultaneous|同时|并发"),
    "rate": _any(r"qps|rps|rpm|rate limit|per (?:second|minute)|requests/|限流|每秒|每分钟|频率"),
}
"""What plain numbers of a column are."""
MONEY: Mapping[str, re.Pattern[str]] = {
    "USD": _any(r"usd|\$|美元"),
    "CNY": _any(r"cny|rmb|¥|￥|元|单价|价格"),
}
"""Which money a column, or the text before a table, speaks of."""
PRICED = _any(r"\bprices?\b|\bcosts?\b|价格|单价|计费")
"""A sentence that speaks of prices."""
CODES = _any(r"(?:error )?codes?$|错误码|错误代码|^code$")
MESSAGES = _any(r"(?:error )?messages?$|错误信息|报错信息|^message$")

MESSAGE = re.compile(
    r"(?:(?:error )?message|错误信息|报错信息)\s*:\s*(?P<message>[^\s\u3001-\u9fff][^\u3001-\u9fff]*)", re.I
)
"""How a line begins that gives the message of an error; what follows it in Chinese says what to do."""
CODED = re.compile(
    r"(?:HTTP )?[1-5]\d\d ?[-: ] ?(?P<code>(?:[A-Z]|[a-z]+_)\w*(?:\.\w+)*)|(?P<bare>[A-Z][a-z]+(?:[A-Z.][A-Za-z]*)+)$"
)
"""A heading that names an error: `400-InvalidParameter`."""

POLICIES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "excess",
        "truncated",
        _any(
            r"(?<!not )(?<!no longer )(?:truncat\w*|cut off|trimmed|clipped)",
            r"(?:excess|the rest|beyond|exceed\w*)[^.;。]{0,40}(?<!not )(?:dropped|discarded)",
            r"(?<!不)(?<!不再)(?<!不会)(?<!不再自动)(?<!不会自动)(?:截断|截取|截去|截掉)",
            r"(?:超出|超过|多出)[^。;]{0,12}(?:丢弃|舍弃)",
        ),
    ),
    (
        "excess",
        "refused",
        _any(
            r"(?:exceed\w*|excess\w*|longer|beyond|overflow)[^.;。]{0,40}(?:error|reject|refus|fail)",
            r"(?:超出|超过|过长)[^。;]{0,16}(?<!不会)(?<!不)(?:报错|错误|拒绝|失败)",
        ),
    ),
    (
        "alpha",
        "refused",
        _any(
            r"no alpha|without alpha",
            r"alpha(?: channels?)?(?: is| are)? (?:not supported|unsupported|not allowed|refused|rejected)",
            r"(?:不支持|不含|不允许|不能有)(?:alpha|透明)(?:通道)?",
        ),
    ),
    (
        "alpha",
        "ignored",
        _any(
            r"alpha(?: channels?)?(?: is| are)? (?:ignored|dropped|discarded)",
            r"(?:忽略|丢弃)(?:alpha|透明)|(?:alpha|透明)(?:通道)?(?:会被|将被|被)?(?:忽略|丢弃)",
        ),
    ),
    (
        "alpha",
        "accepted",
        _any(
            r"(?<!no )(?<!without )alpha(?: channels?)?(?: is| are)? (?:supported|allowed|accepted)",
            r"(?<!不)支持(?:alpha|透明)(?:通道)?",
        ),
    ),
    (
        "notice",
        "deprecated",
        _any(
            r"deprecat\w*|discontinu\w*|retired?\b|sunset|end of life|going offline",
            r"no longer (?:available|offered|maintained)",
            r"下线|停止服务|已废弃|弃用|停用|不再(?:提供|维护|支持)",
        ),
    ),
)
"""Family, what it says, and how: policies count as facts."""

CONSTANT = re.compile(
    r"(?:[Mm]ust be|[Ss]et (?:it )?to|[Ff]ixed value:?|(?:^|\s)[Vv]alue:|固定为|必须(?:设置)?为|设置为)"
    r"\s*[\"']?(?P<word>"
    r"(?!(?:an?|the|true|false|one|in|used|between|exactly|set|sent|at|greater|less|within)\b)"
    r"[a-z][a-z_]+(?:/[a-z]+)?)(?=[\s\"'.,;。，]|$)"
)
"""Where a page says which word stands there."""

TRANSPORT: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "task",
        _any(
            r"\basync(?:hronous)?(?:ly)?[- ]only|\basync(?:hronous)? calls? only|only (?:supports? )?async",
            r"(?:use|uses|via) async(?: \w+){0,2} only|async(?: \w+){0,2} endpoint only|仅支持异步|只支持异步",
        ),
    ),
    (
        "sync",
        _any(
            r"(?<!a)\bsync(?:hronous)?(?:ly)?[- ]only|(?<!a)\bsync(?:hronous)? calls? only",
            r"(?<!only )support(?:s)? sync(?:hronous)? (?:calls?|http)",
            r"async(?:hronous)?(?: \w+){0,2} (?:is|are) not supported|does not support async|仅支持同步",
            r"不支持异步",
        ),
    ),
)
"""How requests may travel, said of a model."""

REGION = re.compile(r"华[东南北]\d")
"""A region by a name that has a number in it: regions are known by their codes and hosts."""
NUMBERS: Mapping[str, str] = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "eight": "8",
    "nine": "9",
    "一": "1",
    "两": "2",
    "二": "2",
    "三": "3",
}
COUNTED = re.compile(
    r"(?:[Ee]xactly|[Oo]nly|[Aa]t most|[Pp]recisely|仅(?:支持|允许)?(?:传入)?|只能(?:有|包含|传入)?|有且仅有)\s?"
    r"(?P<count>one|two|three|four|five|一|两|二|三)(?=个|[a-z\s])"
)
_MORE = r"(?:two|three|four|five|six|eight|nine)\b(?! (?:second|minute|hour|day))"
SPELT = re.compile(rf"\b(?:one|two)(?= to {_MORE})|(?:(?<=\bone to )|(?<=\btwo to )){_MORE}", re.IGNORECASE)
"""Numbers that a page writes out."""
STATES = _any(r"status|states?\b|状态")
STATE = re.compile(
    r"status (?:is|=|equals) [\"']?(?P<state>"
    r"(?!(?:one|not|the|an?|still|set|in|only|final|of|returned|always)\b)[a-z_]+)"
)
SCHEMES = re.compile(
    r"(?<![A-Za-z])(?:HTTPS?|OSS|FTP)(?=/|\)| and |和|、|protocol|$)|(?<=and)HTTPS(?=protocol)"
    r"|(?<=supports)(?:HTTP|OSS|FTP)(?=and)",
    re.IGNORECASE,
)
"""How an address may begin, where a page says so."""

UNSUPPORTED = _any(
    r"do(?:es)? not (?:include|support|take|accept|apply)|don't include|doesn't support",
    r"not supported|unsupported|isn't supported|no such parameter",
    r"不支持|请勿(?:传入|设置|包含)|不可(?:传|设)|无法使用|暂不支持",
)
ONLY = _any(r"\bonly\b", r"仅|只(?:在|有|对|支持|适用)")

REQUIRED = _any(r"\brequired\b", r"(?<!非)必[选填]|必须传")
YES = frozenset({"yes", "true", "y", "required", "是", "必选", "必填", "√", "✓", "✔"})
NO = frozenset({"no", "false", "n", "optional", "否", "可选", "选填", "-", "×", "x"})
"""What stands in a column that says whether a parameter is required."""
PRESENCE = r"required|optional|非?必[选填]|可选|选填"
"""The words that stand beside the type of a parameter."""
OPTIONAL = _any(r"\boptional\b", r"可选|选填|非必[选填]")

MODES: Mapping[str, re.Pattern[str]] = {
    "interleave": _any(r"enable_interleave *= *true|(?<!enable_)interleav\w*", r"图文(?:混排|交错|混合)"),
    "edit": _any(r"enable_interleave *= *false|\bedit(?:ing|s|ed)?\b", r"编辑|参考图生图|图像编辑"),
    "sequence": _any(
        r"enable_sequential *= *true|(?<!non-)(?<!non )\bseq(?:uential|uence)?\b",
        r"(?<!非)(?<!关闭)(?<!未开启)(?<!不开启)(?<!非连续)组图|(?<!非)连续",
    ),
    "single": _any(
        r"enable_sequential *= *false|non-?\s?seq(?:uential)?", r"非(?:连续)?组图|(?:关闭|未开启|不开启)组图"
    ),
    "text_to_image": _any(r"\bt2i\b|text[- ]to[- ]image", r"文生图|[无没]有?(?:输入)?图[像片]?(?:输入)?"),
}
"""Words for what a model is asked to do; `single` stands for all modes but `sequence`."""

ROUTES: Mapping[str, re.Pattern[str]] = {
    "task": _any(r"\basync(?:hronous(?:ly)?)?\b", r"异步"),
    "sync": _any(r"(?<!a)\bsync(?:hronous(?:ly)?)?\b", r"同步"),
    "stream": _any(r"\bstream(?:ing)?\b|\bsse\b", r"流式"),
}

TYPES = (
    r"(?:string|str|integer|int|number|float|double|boolean|bool|array|object|list|enum|map|long"
    r"|字符串|整数|布尔值?|数组|对象)(?:\s*<[^>]{1,40}>|\[\])?"
)
"""Types as definitions name them."""

TYPED: Mapping[str, str] = {
    **dict.fromkeys(("string", "str", "字符串"), "string"),
    **dict.fromkeys(("integer", "int", "long", "整数"), "integer"),
    **dict.fromkeys(("number", "float", "double"), "number"),
    **dict.fromkeys(("boolean", "bool", "布尔", "布尔值"), "boolean"),
    **dict.fromkeys(("array", "list", "数组"), "array"),
    **dict.fromkeys(("object", "map", "对象"), "object"),
}
"""Types in one way of writing."""

EXAMPLE_LINE = _any(
    r"^\s*(?:(?:url|base64|request|response)\s+)?(?:examples?|samples?)(?: values?)?\s*[:(]",
    r"^\s*(?:示例值?|样例|例如|例)\s*[:(]",
    r"^\s*(?:original|actual) prompt|原始提示词|改写后",
)
"""How a sentence begins that only gives an example."""

SAME = _any(r"same capabilit|equivalent|能力(?:相同|一致|等同)")
"""What a sentence says of the models that it names together."""

RESPONSES = _any(
    r"(?:response|return(?:ed|s)?)\b.{0,24}|output (?:parameters|format|fields)",
    r".{0,24}(?:响应|返回)(?:参数|结果|格式|体|示例)?|出参",
)
"""Headings of what comes back."""
REQUESTS = _any(
    r"request(?: parameters| body| headers)?|body|parameters|header parameters",
    r"authorizations?|authentication|.{0,12}请求(?:参数|体|头|示例)?(?:\([\w ]+\))?|入参|输入参数",
)
"""Headings of what is sent."""

ERRORS = _any(r"error|错误|报错")
FORMATS = re.compile(
    r"(?<![A-Z])(JPE?G|PNG|BMP|WEBP|TIFF?|GIF|HEIC|HEIF|AVIF|SVG|ICO|PSD|JFIF|JXL)(?![a-z])"
    r"|(?<=[.\s,/、])(jpe?g|png|bmp|webp|tiff?|gif|heic|heif|avif)(?=[\s,./、)]|$)",
)
"""Formats of picture files."""

GONE = _any(
    r"\b404\b",
    r"page (?:not found|can't be found|cannot be found|does not exist|has been removed|moved)",
    r"not found|no longer exists|页面(?:不存在|未找到|走丢)|找不到(?:该)?页面|已(?:删除|下架)",
)
ENDPOINT = re.compile(r"(?:[A-Za-z ]+: )?(?:POST|GET|PUT|DELETE) (?:https?://|/)")
"""How a line begins that gives an endpoint, in a normalised text."""
SCRIPTED = _any(r"(?:enable|requires?|turn on|needs?) (?:javascript|scripts?)|(?:启用|开启|需要) ?(?:javascript|脚本)")
LOGIN = _any(
    r"\b(?:sign|log) ?in\b|\blogin\b|password|verification code|captcha",
    r"verify (?:that )?you are|are you (?:a )?human|access denied|forbidden|登录|登陆|密码|验证码|扫码",
    r"人机验证|访问受限",
)

LAST = _any(
    r"(?:last|final) (?:input |reference |of the input )?(?:image|picture|input|one\b)",
    r"input image proportions",
    r"最后一张",
)
"""A picture that gives an answer its shape."""
UNSET = _any(
    r"not (?:provided|specified|set|given)|omitted|left out|leav(?:e|ing) it out|by default|without it|\bdefaults?\b",
    r"不指定|不设置|未设置|未指定|不传|省略|默认",
)
"""What is said of a parameter that is left out."""
CHOICE = _any(
    r"\b(?:supported|fixed|available|allowed|valid|only these|following) (?:\w+ )?(?:resolutions?|sizes?|values?)",
    r"take only|only (?:the following|these)|\bis one of\b",
    r"仅支持以下|可选(?:值|的?分辨率|尺寸)|支持(?:的)?(?:以下)?(?:分辨率|尺寸)|固定(?:的)?(?:分辨率|尺寸)",
)
"""A list from which one must choose."""
PICTURES = re.compile(r"(?:[a-z0-9.]+[-_/])*(?:[a-z0-9]*image[a-z]*|t2i|i2i)(?:[-_/][a-z0-9.]+)*")
"""What the id of a model that makes pictures looks like, whoever offers it."""
NO_PICTURES = re.compile(r"video|audio|speech|(?:^|-)[a-z0-9]{1,2}2v(?:-|$)|vace|animate|tts|asr")
"""What stands in the ids of models that make no pictures."""
SERIES = re.compile(r"(?P<names>[\w.]+(?:(?:, | and | or |/|、|和|与)[\w.]+)*)\s?(?:series|系列)")
"""Models by the part of their ids that tells them apart."""
OUTPUT = _any(r"\bproduces?\b|\boutput|\bresult|\bgenerated|\breturned", r"输出|生成(?:的)?图|返回")
SUMS = re.compile(
    r"(?:sum of (?:all )?(?:the )?|the )?(?P<field>[a-z_]+?)s? ?(?:之和|总和|合计|相加|values? add|add up|sum|=)",
    re.IGNORECASE,
)
"""Which field of items adds up to something."""
BESIDES = _any(
    r"about|around|roughly|approx(?:imately)?|defaults?|recommended|pixels?|square|landscape|portrait",
    r"默认(?:值)?|推荐|左右|像素|横版|竖版|方形|宽高比",
)
"""What may stand beside a size in a list of sizes."""
AWAY = _any(
    r"^[^.;,]{0,12}(?:not (?:available|supported|effective|allowed)|unavailable)",
    r"^(?:模式)?(?:下|时)?(?:不可用|不支持|无效|不生效)",
)
"""What stands behind a mode that a parameter is not for."""
AS_LONG = _any(
    r"length[^.;]{0,16}(?:=|equals?|match\w*|same as)[^.;]{0,24}images?",
    r"长度[^。;]{0,6}(?:与|等于)[^。;]{0,6}图[像片]?数?",
)
"""A list with an item for each picture."""
