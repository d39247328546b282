"""Every sentence the assistant says of its own accord. Named constants, named fields."""

from __future__ import annotations

NAME = "协商通"
WELCOME = (
    "您好，我是协商通，一个回答集体协商和劳动权益问题的自动程序，不是真人。"
    "直接用平常的话问就行，例如「老板收到要约多少天要答复」。"
    "我不知道您是谁，也不保存您打的字；请别写姓名、电话和单位名。"
)
EXAMPLE = "公司收到工资协商要约，多少天内要答复？"

# The answer
LOCAL = "{region}：{says}"
LOCAL_TYPED = "{region}（{contract}）：{says}"
NATIONAL = "全国：{says}"
NATIONAL_TYPED = "全国（{contract}）：{says}"
CONTRACT_NAMES = {
    "综合": "综合集体合同",
    "工资": "工资专项",
    "女职工": "女职工专项",
    "安全": "劳动安全卫生专项",
}
VARIES = "各省市可能另有规定，没有说明地区的是全国规定。您在哪个省市？"
NO_NATIONAL = "全国没有统一规定，各地不同。{examples}您在哪个省市？"
NO_NATIONAL_BARE = "这一点全国没有统一规定，各地不同。您在哪个省市？"
LOCAL_SILENT = "{region}的规定里没有找到这一点的专门要求，按全国规定办：{says}"
SILENT_END = "按全国规定办。"
LOCAL_MISSING = "本库没有{region}关于这一点的规定，无法核对。全国的底线是：{says}当地可能另有规定，请向当地工会或人社部门核实。"
FLOOR = "全国的底线是：{says}"
LOCAL_MISSING_BARE = (
    "本库没有{region}关于这一点的规定，全国也没有统一的数，不能乱说。请向当地工会或人社部门核实。"
)
LOCAL_MAY_DIFFER = "{region}可能有更高的标准，本库没有查到，请向当地工会或人社部门核实。"
LOCAL_TEXT_MISSING = "本库没有{region}自己的规定，下面是全国的底线，请向当地工会或人社部门核实。"
DEFINED = "{term}：{says}"
DEFINED_SOURCE = "说法来源：{source}"
PREMISE_WRONG = "不是{said}。"
THEN_SAME = "{year}年时这条规定已经施行，内容和现在一样。"
THEN_DIFFERS = "{year}年时的规定和现在不一样，当时的{law}{article}是：「{sentence}」。现在："
THEN_NONE = "库里的{law}从{start}起施行，{year}年时的旧文本库里没有；下面是现在的规定。"
THEN_UNKNOWN = "库里没有{year}年时的旧文本，下面是现在的规定。"
AMOUNT = "{region}{year}年{kind}{grade}：{shown}{since}。"
AMOUNT_SINCE = "，{since}起施行"
AMOUNT_SOURCE = "数额来源：{source}（{published}公布）"
AMOUNT_OLD = "库里{region}的{kind}只有{year}年的，已经过时，不能当作现在的标准。"
PERHAPS = "您问的可能是「{title}」。"
SAME_ARTICLE = "{article}还规定：{says}"
BESIDE = "另外，{title}：{says}"
BASIS = "依据："
CITED = "{law}{article}（{region}，{status}{effective}）"
EFFECTIVE = "，{day}起施行"
CHECKED = "{day}核对有效"
QUOTE = "原文：「{text}」"
QUOTE_PART = "原文（{place}）：「{text}」"
QUOTE_EXCERPT = "原文（{place}，节选）：「{text}」"
ELIDED = "{lead}……"
DIGEST = "要点，非原文：{text}"
NEXT = "下一步：{next}"
CAUTION = "注意：{caution}"
REVIEWED = "审定：{by}。"
UNREVIEWED = "本答案由程序依条文整理，尚未经专业人员签字审核。"
UNVERIFIED = "所引文本的效力尚未核实，办事前请向发布机关核对。"
FROM_ARTICLES = "没有现成的问答，最接近的条文是{law}{article}：「{sentence}」"
FROM_ARTICLES_LOCAL = "最接近的条文是{region}的{law}{article}：「{sentence}」"

CASE = "有一个做成了的例子：{title}。经过和做法见下。"
CASE_HAPPENED = "发生了什么：{text}"
CASE_WORKED = "为什么成：{text}"
CASE_COPY = "可以照做：{text}"
CASE_SOURCE = "来源：{text}"

# What it does not know
NOT_FOUND = "这个问题库里没有可靠的答案，我不乱说。"
NOT_FOUND_HINT = "您可以换个说法再问，或选一个话题；也可以点“找真人”。"
OUT_OF_FIELD = (
    "这个我帮不上：我只回答集体协商、工会和劳动权益的问题。"
    "别的事请找对应的部门或专业人员；和上班、工资、合同有关的，尽管问。"
)
NO_CONTENT = (
    "没看明白您想问什么，这句话也不会被保存。您可以说说是工资、加班、合同、社保，还是集体协商的事？"
)
NOT_CHINESE = "目前只能用中文回答，请用中文问一句。(Sorry, Chinese only for now.)"
TOO_LONG = "内容太长，我只看了前面{limit}个字。"
MENU = ("欠薪了怎么办", "加班费怎么算", "集体合同是什么", "老板不愿协商怎么办")

REFUSED = "这件事我不能帮：它不合法，或者会伤害别人。合法的办法可以问我，也可以请工会出面。"
ESCALATED = "这件事要紧，请先保证自己和身边人的安全，马上找信得过的人、当地工会或有关部门。"

# Region and contract type
REGION_SET = "好，按{region}来答。"
REGION_ASK_AGAIN = "好，记下了{region}。请把问题再说一遍（我不保存您打过的字）。"
CONTRACT_SET = "好，按{contract}来答。"
REGION_CLEARED = "好，按全国的规定来答。"
REGION_UNKNOWN = "没认出这个地方。请说省或市的名字，例如「河南」「杭州」。"
CHOOSE_REGION = "请直接打出省或市的名字，例如「湖南」。"
MORE_NONE = "没有更多内容了。可以接着问下一个问题。"
BUTTON_MORE = "更多依据"
BUTTON_PERSON = "找真人"
BUTTON_UP = "有用"
BUTTON_DOWN = "没用"
BUTTON_AGREE = "同意保存并转交"
BUTTON_DECLINE = "不转了"
BUTTON_OTHER_REGION = "其他省市"

# A person
PERSON = "要找真人：\n{contacts}\n"
QUEUE_ASK = (
    "也可以转给工会的指导员。请把想问的话打一遍，别写姓名、电话、单位；"
    "我先去掉能认出人的内容给您看，您同意才保存。"
)
QUEUE_PREVIEW = (
    "去掉个人信息后是这样：「{text}」。同意的话，只保存这段文字和今天的日期，不保存您是谁。"
)
QUEUE_DEMAND = (
    "这听起来是想提的诉求，不是问题。诉求不能从聊天里提：聊天平台看得见您是谁。"
    "这段话没有保存。请用工会公布的匿名渠道，或当面交给您信得过的协商代表。"
)
QUEUE_EMPTY = "去掉个人信息后没有剩下问题，没有保存。请换个说法。"
QUEUE_DONE = (
    "已转给指导员。取件码：{code}。几天后把取件码发给我，就能看到答复。取件码只显示这一次，请记下。"
)
QUEUE_DROPPED = "好，没有保存，已经忘掉了。"
QUEUE_GONE = "刚才那段话已经不在内存里了（最多留十分钟），没有保存。要转的话请再说一遍。"
QUEUE_DELETED = "已删除，库里没有这一条了。"
QUEUE_WAITING = "指导员还没有答复，请过几天再查。"
QUEUE_UNKNOWN = "没有这个取件码，请核对数字；答复保留一百八十天。"
QUEUE_ANSWER = "指导员的答复：{answer}"
QUEUE_CLOSED = "这个服务没有开通转交指导员。请联系当地工会。"
THANKS_UP = "谢谢，只计了一票，没有记您是谁。"
THANKS_DOWN = "谢谢，只计了一票。要不要换个说法再问，或者找真人？"

# The channels
HELP = (
    "用平常的话问就行，例如「{example}」。选项可以回复数字。"
    "打省市的名字，就按当地的规定答；打“答题”练一练；打“隐私”看怎么对待您的话；打“忘记我”，删掉这个对话记得的东西；打“找真人”转给工会的指导员。"
)
WHERE_FIRST = "您在哪个省市？直接打名字就行，例如「河南」；不说也能问，先按全国的规定答。"
SCENE_UNKNOWN = "您是扫码来的，这个码对应的活动现在没有开放。不过有问题可以直接问我。"
FORGOTTEN = "已删除：您选的省市、合同类型、刚答过的是哪一条、练习要再问的、每日一题的订阅，都不记得了。您打的字本来就没有保存。"
VOICE_UNREAD = "语音我听不到文字。请长按说话时选“转文字”再发，或直接打字。语音没有保存。"
IMAGE_UNREAD = "图片我看不懂，也没有保存。合同、通知上的话，请打几个字问我；别发身份证、工资条。"
OTHER_UNREAD = "这种消息我看不懂，也没有保存。请打字问我，例如「{example}」。"
PLACE_ASKED = "位置我不保存。要按哪个省市的规定答？请点一个，或打出省市的名字。"
PLACE_OFFERED = "您现在大概在{region}。位置没有保存。按{region}的规定答吗？"
PLACE_YES = "按{region}答"
IN_PRIVATE = "这里是群，人人看得见。转给指导员、查答复，请私下找我说。"
NOT_OPEN = {
    "demand": "提诉求的匿名页面还没有开放。请别把诉求打在这里：聊天平台看得见您是谁。",
}
SLOWER = "您发得太快了，我跟不上。请过{seconds}秒再发一条。"
SLOW = "这个问题现在查得慢，没来得及答。请过一分钟再问一遍；刚才的话没有保存。"
SLOW_FOLLOWS = "这个问题要多查一会儿，查到就发给您。两分钟还没有收到，请再问一遍。"
WHOLE = "完整的依据和原文：{link}"
WHOLE_MORE = "回复“更多”看依据的原文。"
CHOOSE_NUMBER = "回复数字选择："

# Quizzes
QUIZ_MENU = "答题练一练，不计分，不记您是谁。答完一题就说对错、为什么、依据哪一条。"
QUIZ_BUTTON_PRACTICE = "练习"
QUIZ_BUTTON_DAILY = "每日一题"
QUIZ_BUTTON_CODE = "我有答题码"
QUIZ_BUTTON_REHEARSE = "模拟协商"
QUIZ_BUTTON_UNSURE = "不知道"
QUIZ_BUTTON_NEXT = "下一题"
QUIZ_BUTTON_STOP = "不答了"
QUIZ_BUTTON_READY = "选好了"
QUIZ_PICKED = "☑ {option}"
QUIZ_OPEN = "☐ {option}"
QUIZ_LEFT = "好，先不答了。有答题码的，再输入同一个码，就从停下的那一题接着答。"
QUIZ_HEAD = "第 {number} 题，共 {of} 题"
QUIZ_ONE = "【{kind}】{stem}"
QUIZ_SEVERAL = "【多选】{stem}（可以选几个，选完点“选好了”，或回复数字，如 1 3）"
QUIZ_RIGHT = "答对了。"
QUIZ_WRONG = "不对。应选：{key}。"
QUIZ_TOLD = "应选：{key}。"
QUIZ_WHY = "{why}"
QUIZ_BASIS = "依据：{basis}"
QUIZ_BY_DIGEST = "（按要点核对，没有导入原文）"
QUIZ_END = "答完了：{of} 题对了 {score} 题。结果只给您自己看，组织者看不到是谁答的。"
QUIZ_MISSED = "可以再看看：{areas}。"
QUIZ_ENTRY = (
    "抽奖码：{entry}。只显示这一次，请抄下或截图。开奖后凭它领奖；领奖只认码，看不到您答得怎样。"
)
QUIZ_PUBLICITY = "这是宣传答题，结果不作为达标依据。"
QUIZ_ASK_CODE = (
    "请把答题码打给我（16位，大小写都行）。纸条是自己随手抽的，就没有人知道哪个码在谁手里；"
    "但在聊天里答，聊天平台看得见您在答题。不想让平台看见，请用网页：{link}"
)
QUIZ_ASK_CODE_BARE = (
    "请把答题码打给我（16位，大小写都行）。纸条是自己随手抽的，就没有人知道哪个码在谁手里；"
    "但在聊天里答，聊天平台看得见您在答题。"
)
QUIZ_TITLE = "答题"
QUIZ_BEGIN = "开始答题"
QUIZ_SUBMIT = "交这一题"
QUIZ_SEVERAL_HINT = "可以选几个"
QUIZ_CODE_LABEL = "答题码（纸条上的16位字母和数字）"
QUIZ_CODE_ABOUT = "中途停下也不要紧：再输入同一个码，就从停下的那一题接着答。"
QUIZ_KEPT_TITLE = "这里记什么、不记什么"
QUIZ_KEPT = (
    "不用登录，不写 Cookie，不问您是谁。",
    "纸条是自己随手抽的，就没有人知道哪个码在谁手里；码用过以后只留一个认不出原样的记号，防止一个码答两次。",
    "答完以后，答案和答题码就分开，再也合不到一起。谁对谁错、谁合格谁不合格，组织者也看不到。",
    "只统计一个单位、一个领域答对多少；不到十个人的不显示。",
    "没答完就离开，没答的题在结束时算“不知道”。",
)
QUIZ_KEPT_OPEN = (
    "不用登录，不写 Cookie，不问您是谁；谁来都能答，也认不出谁答过。",
    "谁对谁错，组织者也看不到。只统计有多少人次、一个领域答对多少；不到十个人的不显示。",
)
QUIZ_NO_LOT = "网页不认人，这里答不发抽奖码；从聊天里答的才有。"
QUIZ_PREVIOUS = "上一题"
QUIZ_MISSED_TITLE = "可以再看看"
QUIZ_ENTRY_TITLE = "抽奖码（只显示这一次）"
QUIZ_ENTRY_ABOUT = "请抄下或截图。开奖后凭它领奖；领奖只认码，看不到您答得怎样。"
QUIZ_PROBLEMS = {
    "nothing-picked": "还没有选。选一个再交；不会的，点“不知道”。",
    "closed": "这个活动现在没有开放，或者已经结束。您可以先练习，不计分。",
    "code-needed": "这个活动要用答题码参加。请把纸条上的16位码打给我。",
    "code-form": "这不像答题码。答题码是16位字母和数字，请对照纸条再打一遍。",
    "code-unknown": "没有这个答题码，或者它的活动没有开放。请对照纸条再打一遍；0和O、1和I不用分。",
    "code-spent": "这个答题码已经用过、答完了。一个码只计第一次；想再练，请点“练习”。",
    "code-full": "这个单位的名额已经答满了。请问问发码的人，是不是发重了。",
    "unit-unknown": "这个链接里的单位不在活动里。请重新扫本单位的二维码。",
    "again": "这次活动您已经答过了，只计第一次。想再练，请点“练习”。",
    "gone": "这次答题已经结束，或者时间太久了。有答题码的，请再输入一次。",
    "empty": "这个活动现在没有可用的题：题依据的条文变了，正在复核。请过几天再来。",
    "choice": "没有这个选项，请再选一次。",
    "one-only": "这一题只选一个，请再选一次。",
    "too-fast": "请先看完题：还要等 {wait} 秒才能答。这一次没算。",
}

# Practice
PRACTICE_KEPT = (
    "练习不计分、不排名。答错的知识点过几天换个问法再问，为此只记要再问哪一点、哪天问；"
    "打“忘记我”就删。打“难一点”加上更难的题，打“不答了”结束。"
)
PRACTICE_HERE = (
    "练习不计分、不排名。答错的知识点隔几题换个问法再问，只在这次对话里记着。"
    "打“难一点”加上更难的题，打“不答了”结束。"
)
PRACTICE_AGAIN = "这一点上次没答对，再问一次。"
PRACTICE_DAILY = "每日一题（{month}月{day}日）"
PRACTICE_STALE = "这一题已经过去了，这次没有算。"
PRACTICE_GONE = "这一题依据的条文有变动，题先撤下了，不用答。"
PRACTICE_NONE = "现在没有可以练的题：题依据的条文变了，正在复核。有问题可以直接问我。"
PRACTICE_SITTING = "您有一份活动的题还没答完，先不练习，免得丢了它。要接着答，还是不答了？"
PRACTICE_LEFT = "好，先不练了。想再练，打“练习”。"
PRACTICE_BUTTON_SITTING = "接着答"
PRACTICE_BUTTON_MORE = "再练几题"
PRACTICE_BUTTON_ON = "每天发给我"
PRACTICE_BUTTON_OFF = "不用每天发"
PRACTICE_SUBSCRIBED = "好，以后每天发一题给您。不想收了，打“退订”。"
PRACTICE_SUBSCRIBED_WECHAT = (
    "好，以后每天发一题给您。微信只让我在您最后一次发消息后的48小时里发，"
    "过了就发不出；想接着收，随便发句话给我就行。不想收了，打“退订”。"
)
PRACTICE_NO_PUSH = "这里我没法主动发消息给您。想做今天的题，打“每日一题”就行。"
PRACTICE_UNSUBSCRIBED = "好，不再每天发题了，订阅的记录也删了。想做的时候打“每日一题”。"
PRACTICE_IN_PRIVATE = "这里是群，练习请私下找我。群里可以打“每日一题”，大家一起答。"
PRACTICE_GROUP = "群里的题只为宣传，不记谁答了什么。想看对错和依据，私下找我打“每日一题”。"

# Mock negotiation
REHEARSE_LIST = (
    "【演练】模拟协商：选一个场景，您当职工方，企业方照剧本回话。"
    "每一步选一项，马上告诉您为什么、依据哪一条。人物、数字都是设定的。"
)
REHEARSE_GOING = "接着练：{title}"
REHEARSE_INTRO = "【演练】{title}（人物、数字都是设定）"
REHEARSE_SETTING = "设定：{setting}"
REHEARSE_GOALS = "目标：{goals}。"
REHEARSE_HOW = (
    "练法：每步选一项。中途可以照常提问，打“继续”回来；打“退出”结束。"
    "演练按全国的规定，各省市的期限、人数可能不同。"
)
REHEARSE_HEAD = "【演练】{title} 第{number}步（人物、数字都是设定）"
REHEARSE_FIRM = "结果：{firm}"
REHEARSE_WHY = "为什么（程序 +{procedure}，说理 +{reasons}）：{why}"
REHEARSE_NOW = "现在：{says}"
REHEARSE_ASK = "您怎么做？"
REHEARSE_END = "【演练结束】{title}：{kind}"
REHEARSE_KINDS = {
    "达成": "谈成了",
    "中止": "先停下，没有谈崩",
    "失误": "走了弯路，还能补救",
}
REHEARSE_SCORE = "得分：程序 {procedure}/{most_procedure}，说理 {reasons}/{most_reasons}。"
REHEARSE_WELL = "做得好：{shown}。"
REHEARSE_BETTER = "下次试试：{shown}。"
REHEARSE_READ = "要读的条文：见下面的依据。"
REHEARSE_NEXT = "下一步：{next}"
REHEARSE_MARK = "这是演练，企业的话是剧本，真实的协商不一定这样走。分数只给您自己看，不记您是谁。"
REHEARSE_BASIS_GONE = "这一步所引的条文库里没有或有变动，讲解先不显示。"
REHEARSE_NUMBER = "【演练】请回复选项前面的数字；打“退出”结束演练。"
REHEARSE_LEFT = "好，演练结束。想再练，打“模拟协商”。"
REHEARSE_MORE = "【演练】这一步依据的条文："
REHEARSE_BUTTON_GO = "开始"
REHEARSE_BUTTON_BACK = "回到走错的那一步"
REHEARSE_BUTTON_AGAIN = "再练一遍"
REHEARSE_BUTTON_OTHER = "换一个场景"
REHEARSE_BUTTON_OFF = "结束演练"

# Contacts
CONTACT = "{name}：{reach}（{checked}核对）"
CONTACTS_NONE = "运营单位还没有登记联系方式，请找当地工会、人社部门或就近的派出所。"
LIFE = "如果有人受伤或有生命危险，请马上打 110（报警）或 120（急救）。"
NOT_NOTIFIED = "这些联系方式只给您看，我不会替您通知任何人。"

# Faults
APOLOGY = "出了点问题，这句没能答上来，也没有保存。请再问一遍。"
BUSY = "请稍等几秒再发。"

PRIVACY_TITLE = "您的隐私"
PRIVACY = (
    (
        "我知道您什么",
        "不知道您是谁，也不问。网页不用登录，不写 Cookie，我不记网络地址。"
        "聊天平台给的账号代码只用来回话；"
        "硬盘上只有加密算出的代号，密钥只在内存里，备份里没有。",
    ),
    (
        "您打的字去哪了",
        "只在算答案时留在内存里，不写进硬盘和日志。语音、图片、位置也不存。",
    ),
    (
        "聊天里记得什么",
        "省市、合同类型、刚答过哪一条、刚给的选项、练到哪。网页里只随页面走，关掉就没有；"
        "平台里一天没有新消息（发每日一题也算）就删。另留消息的记号和可发条数（两天）、"
        "答案（十分钟）、没发出的答案（最多一天）。"
        "打“忘记我”，马上全删，只剩这一句的记号；微信取消关注，一点不剩。",
    ),
    (
        "练习和答题",
        "平台里，答错的知识点和再问的日子加密存在代号下；订阅每日一题的，另存加密的账号代码、"
        "省市和发到哪天，“退订”就删。九十天没答题就删；机器重启后谁也打不开。"
        "各选项被选几次，只记总数。活动的答题码和答案分开放，答完就对不上；"
        "不用码的活动，另存代号的加密记号防重复，活动结束就删。",
    ),
    (
        "转给指导员的问题",
        "您看过、同意后才存：去掉个人信息的文字、省市、日期、一个随机编号。"
        "取件码只存加密后的样子，认不出是谁的。一百八十天后删；想提前删，发“删除”和取件码。",
    ),
    ("有用没用", "只加一个数，不记是谁、什么时候按的。"),
    ("谁在运营", "{operator}"),
    (
        "我做不到的",
        "聊天平台看得见您发了什么、您是谁。"
        "企业微信归开通的单位管，可能就是您的公司，请当它看得到。Telegram 的消息会出境。"
        "运营单位可能依法留网络日志：有时间和网络地址，没有内容。"
        "公司的电脑、无线网也可能被看见，请用自己的手机和流量；最不留身份的是网页。",
    ),
)
OPERATOR_NONE = "运营单位还没有填写自己的名称和联系方式。"
ABOUT = "协商通是自动程序，按导入的法规和本项目自己写的内容回答。{as_of}\n由谁运营：{operator}"
AS_OF = "资料截至 {day}：{laws} 部法规、{articles} 条条文，{cards} 张问答卡、{rules} 条程序规则。"
AS_OF_BARE = "资料截至 {day}：没有导入法规原文，只用本项目自己写的 {cards} 张问答卡、{rules} 条程序规则和 {digests} 条要点回答。"

# The web page
WEB_LEAD = "集体协商与劳动权益问答"
WEB_PLACE_NONE = "全国"
WEB_PLACE_HELP = (
    "各省市的规定常常不同。选了地方，就先按当地的规定答；选市县，直接在对话里打出名字。"
)
WEB_PLACE_CLEARED = "好，不按哪个省市，只按全国的规定答。"
WEB_ASK = "用平常的话问就行"
WEB_EXAMPLES = "可以这样问"
WEB_RELATED = "您也可能想问"
WEB_SENDING = "正在查……"
WEB_OFFLINE = "没有连上，这句话没有送出去。请检查网络，再按一次“发送”。"
WEB_STALE = "这个按钮已经过时了。请把问题再问一遍（我不保存您打过的字）。"
WEB_DIGEST = "要点，非原文"
WEB_OFFICIAL = "原文"
WEB_CRISIS = "先保证安全"
WEB_PAST = "前面的对话"
WEB_NOW = "资料截至 {day}"
WEB_OLD_TEXT = "这是旧的文本（{status}），只供查考，不能当作现在的依据。"
WEB_OLD_NEWER = "看现行的版本"
WEB_UNSURE_TEXT = "这份文本的效力还没有核实，办事前请向发布机关核对。"
WEB_NOT_YET = "这份文本还没有开始施行。"
WEB_ABOUT_CAN = (
    "回答集体协商、集体合同、工资协商、工会、职代会和常见劳动权益的问题，并说出依据是哪部法的哪一条。",
    "按您选的省市回答；当地没有规定的，说明是全国的规定。",
    "库里没有可靠答案时照直说不知道，可以（经您同意）转给工会指导员。",
)
WEB_ABOUT_CANNOT = (
    "不是律师，不能代替法律意见，不能保证仲裁、诉讼或协商的结果。",
    "不替您报警、投诉或通知任何人。",
    "不收诉求：诉求请用工会公布的匿名渠道，或当面交给您信得过的协商代表。",
)
WEB_ABOUT_UNREVIEWED = (
    "问答卡和程序规则由程序依条文整理，引用和数字由程序逐条核对过；"
    "没有专业人员签字审核的，每条答案下面都写明。"
)
WEB_ABOUT_MARKS = (
    "绿色“现行有效”是核实过的；“效力未核”是文本已收录、效力还没核实；“已被修改”“已废止”的只供查考。"
)
WEB_GONE = "没有这一页"
WEB_GONE_HINT = "地址可能打错了，或者这一条已经不在库里。"
WEB_METHOD = "这个地址不能这样打开"
WEB_METHOD_HINT = "请回到首页，从输入框里提问。"
WEB_LARGE = "内容太长了"
WEB_LARGE_HINT = "一次最多收 64 kB。请把问题写短一些，分几次问。刚才的内容没有保存。"
WEB_BAD = "没看懂这次请求"
WEB_BAD_HINT = "请回到首页，从输入框里提问。刚才的内容没有保存。"
WEB_BUSY = "现在问的人太多"
WEB_FAULT = "出了点问题"
WEB_HOME = "回到首页提问"

RULES_TITLE = "各地程序规则对照"
RULES_LEAD = "集体协商每一步的期限、人数、比例，按地区和合同类型对照：共{rules}条规则、{regions}个法域。点数字看原话和依据；点左边的名称去问答。"
RULES_REGIONS = "看哪些地方（全国总在第一列）"
RULES_CONTRACT = "合同类型"
RULES_STEP = "环节"
RULES_ALL = "全部"
RULES_SHOW = "查看"
RULES_POINT = "要点"
RULES_SAYS = "有规定"
RULES_NONE = "库里没有"
RULES_EMPTY = "这样选没有规则。换一个环节或合同类型试试。"
RULES_CONFLICTS = "规定打架时怎么办"
RULES_CONFLICTS_LEAD = "各地、各部规定不一致的地方，和我回答时的处理办法："
RULES_TREAT = "我这样答：{treat}"

# The terminal
TERMINAL_HINT = "打字提问，回车发送；选项打数字；看更多打“更多”；换地方直接打省市名；“隐私”看怎么对待您的话，“关于”看资料截至哪天；结束打“退出”。"
TERMINAL_PROMPT = "您："
TERMINAL_CHOOSE = "打数字选："
GOODBYE = "再见。刚才打的字没有保存。"
