"""What the exam and its certificate say to people."""

from __future__ import annotations

NOT_REQUIRED = "法律不要求持证才能当协商代表。"
NOT_REQUIRED_WHY = (
    "职工方代表由工会选派；没有工会的，由职工民主推荐，并经半数以上职工同意（《集体合同规定》第二十条）。"
    "考试和证书只用来学习，没有证不影响代表资格。"
)

TITLE = "协商代表考试"
SEEN_BY = (
    "您的姓名、单位、答题和成绩存在单独的考试库里，与匿名提问、答题活动的数据互不相通。"
    "看得到的只有您本人，和在本机上操作考试的组织者（{organiser}）。"
    "最后一次考试 {years} 年后由组织者删除；您随时可以请组织者给您一份，或删除。"
)
ORGANISER_NONE = "运营单位还没有写名称"
BAD_ENTRY = "准考证号或密码不对，请对照发给您的条子再输一次。密码丢了请找组织者换一个。"
AGAIN = "您已在别处登录，或离开太久了。请重新登录，答过的题都在。"
RULES_LINES = (
    "共 {total} 道左右，限时 {minutes} 分钟；每题至少看 {seconds} 秒才能交。",
    "每答一题就存好。断网、关机都不要紧，重新登录接着答，但时间照走。",
    "交卷前可以回去改。每人的题和选项顺序都不同。",
    "没通过的，{days} 天后可以再考。",
)
TIME_UP = "时间到了，已经交卷。"
NOT_SHOWN = "这道题还没有给您看过，请从题目页答。"
NOTHING_CHOSEN = "还没有选，请选了再交。"
ONE_ONLY = "这道题只有一个正确答案，请只选一个。"
TOO_SOON = "请再看一遍题，{seconds} 秒后再交。您选的还在。"
BUSY = "这会儿人多，请过一分钟再试，答过的题都在。"
UNREADY = "题库现在出不了一份卷子，请告诉组织者。（{why}）"
PASSED = "通过"
FAILED = "这次没有通过"
CERTIFICATE_LATER = "证书由组织者签发，签发后在这里下载。"
AREA_LINE = "{area}：{right}/{total}"

# The certificate

PAPER_TITLE = "协商代表考试合格证书"
PAPER_SAYS = (
    "于 {day} 参加协商代表考试，{total} 道题答对 {correct} 道（合格线 {needed} 道），成绩合格。"
)
PAPER_UNTIL = "有效期至 {day}；所考条文有超过两成变动的，提前失效。"
PAPER_CHECK = ("真伪：扫左边的二维码核对，", "或在电脑上运行 xst certificate verify。")
PAPER_TRUTH = "以核对时显示的姓名、单位、日期为准。"

GOOD = "签名有效，在有效期内。"
NO_TEXT = "{place}: 里面没有证书的签名数据"
BAD_FORM = "证书数据不完整，或被改过"
BAD_SIGNATURE = "签名不对：证书是伪造的，或被改过"
UNKNOWN_KEY = "签名用的密钥 {key} 不在给出的公钥里：不是这个单位签发的，或公钥旧了"
KEY_RETIRED = "签名用的密钥 {key} 到 {day} 为止，证书写的签发日期在那以后：不可信"
NOT_YET = "签发日期在今天以后"
EXPIRED = "已过有效期（到 {day}）"
REVOKED = "已于 {day} 吊销"
STALE = "所考条文变动超过两成，证书已失效，请重新考试"
NO_STATUS = "没有给出状态清单：是否被吊销、所考条文是否变动过多，没有核对。"
OLD_STATUS = "状态清单是 {made} 的，{until} 起就该换新的：之后的吊销和变动没有核对。"
STATUS_AT = "{made} 的状态清单里，没有吊销，也没有失效。"
STATUS_BAD = "状态清单的签名不对，没有采用"
