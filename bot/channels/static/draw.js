/* Checks a prize draw's record in the browser, as bot/drawrecord.py and bot/drawcheck.py do; a
   test holds the two together. Asks nobody anything. */
"use strict";

(() => {
  const METHOD = "xst-draw-1";
  const DRAND = "drand-quicknet";
  const CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
  const GENESIS = 1692803367, PERIOD = 3, TOP_PRIZE = 50000;
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  class DrawError extends Error {}

  // Bytes

  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (d) => parseInt(d, 16));
  const sha256 = (bytes) => crypto.subtle.digest("SHA-256", bytes);
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) { all.set(p, at); at += p.length; }
    return all;
  };

  // The record, read strictly

  function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value && typeof value === "object") {
      return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(",")}}`;
    }
    return JSON.stringify(value);
  }
  const digest = async (part) => hex(await sha256(utf8(canonical(part))));

  // JSON.parse lets a later field of the same name win; two readers could see two records.
  function once(text) {
    const open = [];
    const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;
    let last = "";
    for (let m; (m = token.exec(text));) {
      const t = m[0];
      if (t === "{") open.push(new Set());
      else if (t === "[") open.push(null);
      else if (t === "}" || t === "]") open.pop();
      else if (t === ":" && last) {
        const names = open[open.length - 1], name = JSON.parse(last);
        if (names && names.has(name)) throw new DrawError(`字段 ${name} 写了两次`);
        if (names) names.add(name);
      }
      last = t[0] === '"' ? t : "";
    }
  }

  function keys(raw, place, needed, optional = []) {
    const shown = place || "记录";
    if (!raw || typeof raw !== "object" || Array.isArray(raw)) throw new DrawError(`${shown}: 应是一组字段`);
    const missing = needed.filter((k) => !Object.hasOwn(raw, k)).sort();
    if (missing.length) throw new DrawError(`${shown}: 缺少字段 ${missing.join("、")}`);
    const unknown = Object.keys(raw).filter((k) => !needed.includes(k) && !optional.includes(k)).sort();
    if (unknown.length) throw new DrawError(`${shown}: 不认识的字段 ${unknown.join("、")}`);
  }

  function anyText(value, place) {
    if (typeof value !== "string" || [...value].length > 5000) throw new DrawError(`${place}: 应是文字`);
    if (/[\ud800-\udfff]/u.test(value)) throw new DrawError(`${place}: 有不完整的字符`);
  }
  function text(value, place) {
    if (typeof value !== "string" || !value.trim() || [...value].length > 5000) {
      throw new DrawError(`${place}: 应是一段文字（不空，不超过 5000 字）`);
    }
    anyText(value, place);
  }
  const number = (least) => (value, place) => {
    if (!Number.isInteger(value) || value < least || value > 1e12) throw new DrawError(`${place}: 应是不小于 ${least} 的整数`);
  };
  function moment(value) {
    const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))$/.exec(value);
    if (!m) return null;
    const [y, mo, d, h, mi, s] = m.slice(1, 7).map(Number);
    const utc = new Date(Date.UTC(y, mo - 1, d, h, mi, s));
    if (y < 1 || utc.getUTCMonth() !== mo - 1 || utc.getUTCDate() !== d || h > 23 || mi > 59 || s > 59 || +m[8] > 23 || +m[9] > 59) return undefined;
    return utc.getTime() - (m[7] ? (m[7] === "-" ? -1 : 1) * (+m[8] * 60 + +m[9]) * 60000 : 0);
  }
  function time(value, place) {
    const found = typeof value === "string" ? moment(value) : null;
    if (found === null) throw new DrawError(`${place}: 应是带时区的时间，如 2026-12-20T18:00:00+08:00`);
    if (found === undefined) throw new DrawError(`${place}: 没有“${value}”这个时间`);
  }
  const digits = (...sizes) => (value, place) => {
    if (typeof value !== "string" || !/^([0-9a-f]{2})*$/.test(value) || !sizes.includes(value.length / 2)) {
      throw new DrawError(`${place}: 应是 ${sizes.map((s) => 2 * s).join("、")} 位十六进制数（小写）`);
    }
  };
  const list = (of) => (value, place) => {
    if (!Array.isArray(value)) throw new DrawError(`${place}: 应是一列`);
    value.forEach((v, n) => of(v, `${place} 第 ${n + 1} 项`));
  };
  function source(value, place) {
    if (value !== DRAND && value !== "public") throw new DrawError(`${place}: 应是 drand-quicknet 或 public`);
  }
  const part = (form) => (value, place) => {
    keys(value, place, Object.keys(form));
    for (const k of Object.keys(value)) form[k](value[k], `${place}.${k}`);
  };

  const ENTRY = digits(...Array.from({ length: 25 }, (_, n) => n + 8));
  const ANNOUNCEMENT = part({
    title: text, organiser: text,
    prizes: list(part({ name: text, number: number(1), value: number(0) })),
    winners: number(1), reserves: number(0), made: time, opens: time, closes: time,
    beacon: part({ source, at: time, round: number(0), what: anyText, where: anyText }),
    reveal_by: time, claim_by: time, claim: text, rules: text, method: text, commit: digits(32),
  });
  const CLOSED = part({ announcement: digits(32), made: time, root: digits(32), entries: list(ENTRY) });
  const DRAWN = part({
    closed: digits(32), made: time, seed: digits(0, 32), withheld: anyText, beacon: text,
    winners: list(ENTRY), reserves: list(ENTRY),
  });

  function read(said) {
    let raw;
    const plain = said.replace(/^\ufeff/, "");
    try { raw = JSON.parse(plain); } catch (e) { throw new DrawError("不是完整的 JSON；请用原样下载的文件"); }
    once(plain);
    keys(raw, "", ["announcement"], ["closed", "drawn"]);
    ANNOUNCEMENT(raw.announcement, "announcement");
    if ("closed" in raw) CLOSED(raw.closed, "closed");
    if ("drawn" in raw) DRAWN(raw.drawn, "drawn");
    if (raw.drawn && !raw.closed) throw new DrawError("有 drawn（开奖）却没有 closed（封存名单）");
    return raw;
  }

  // Arithmetic

  async function entryOf(code) {
    const plain = code.normalize("NFKC").toUpperCase().replace(/[ \-–—_\t\r\n]/g, "")
      .replace(/O/g, "0").replace(/[IL]/g, "1");
    if (plain.length !== 16 || [...plain].some((c) => !ALPHABET.includes(c))) {
      throw new DrawError("参与码是 16 位字母和数字，如 7K2M-9QTX-4HVN-8PWD，请照着再输一次");
    }
    return hex(await sha256(utf8(`xst-draw:${plain}`)));
  }
  const rootOf = async (entries) => hex(await sha256(utf8([...entries].sort().join("\n"))));

  async function ranking(entries, seed, root, beacon) {
    const raw = await sha256(join(seed, unhex(root), beacon));
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const ranked = [];
    for (const entry of entries) ranked.push([hex(await crypto.subtle.sign("HMAC", key, utf8(entry))), entry]);
    return ranked.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)).map((p) => p[1]);
  }

  async function beaconBytes(beacon, value) {
    if (beacon.source === DRAND) {
      const plain = value.trim().toLowerCase();
      if (!/^[0-9a-f]{64}$/.test(plain)) throw new DrawError("信标：drand 的随机数（randomness）应是 64 位十六进制数");
      return unhex(plain);
    }
    const words = value.normalize("NFKC").trim();
    if (!words) throw new DrawError("信标：公布的内容是空的");
    return new Uint8Array(await sha256(utf8(words)));
  }

  const where = (beacon) => beacon.source === DRAND
    ? `https://api.drand.sh/${CHAIN}/public/${beacon.round} 里的 randomness`
    : `${beacon.where}公布的${beacon.what}（${beacon.at} 之后）`;

  // Verification: [step, good, says]; good is null where people must look themselves

  const finding = (step, good, yes, no) => [step, good, good ? yes : no];

  async function verify(record, pinned = [], lookedUp = "") {
    const { announcement, closed, drawn } = record;
    const found = announced(announcement);
    const digests = [await digest(announcement)];
    if (closed) {
      found.push(...await closedStep(announcement, closed, digests[0]));
      digests.push(await digest(closed));
      if (drawn) found.push(...await drawnStep(announcement, closed, drawn, digests[1], lookedUp));
    }
    for (const noted of pinned) {
      const same = noted.length >= 16 && digests.some((d) => d.startsWith(noted.toLowerCase()));
      const said = same ? "与这份记录里的一份相同" : "与这份记录里的都不同：公布之后被改过";
      found.push(["对照", same, `您记下的摘要 ${noted.slice(0, 16)}… ${said}`]);
    }
    if (!pinned.length) {
      const shown = digests.map((d, n) => `${["公告", "名单"][n]} ${d.slice(0, 16)}`).join("；");
      found.push(["对照", null, `请与当初公布的摘要对照（整份重写只有这样才看得出）：${shown}`]);
    }
    return found;
  }

  function announced(said) {
    const step = "公告";
    const order = [said.made, said.opens, said.closes, said.beacon.at, said.reveal_by, said.claim_by].map(moment);
    const right = order[0] <= order[1] && order.slice(2).every((t, n) => order[n + 1] < t);
    const pieces = said.prizes.reduce((n, p) => n + p.number, 0);
    const found = [
      finding(step, said.method === METHOD, `抽奖办法是 ${METHOD}`,
        `抽奖办法写的是 ${said.method}，这里只会核对 ${METHOD}`),
      finding(step, right, "先公告、后开始、再截止，信标在截止之后",
        "时间先后不对：应当公告、开始、截止、信标、公布种子、领奖截止依次在后"),
      finding(step, pieces === said.winners, `奖品共 ${pieces} 份，与中奖人数相同`,
        `奖品共 ${pieces} 份，公告的中奖人数却是 ${said.winners}`),
    ];
    if (said.beacon.source === DRAND) {
      const real = (GENESIS + (said.beacon.round - 1) * PERIOD) * 1000;
      found.push(finding(step, real === order[3],
        `drand 第 ${said.beacon.round} 轮正是在公告所写的时间公布`,
        `drand 第 ${said.beacon.round} 轮不在公告所写的时间公布`));
    } else if (!said.beacon.what.trim() || !said.beacon.where.trim()) {
      found.push([step, false, "信标没有写明是什么、在哪里公布"]);
    }
    const top = Math.max(0, ...said.prizes.map((p) => p.value));
    if (top > TOP_PRIZE) found.push([step, null, `最高奖 ${top} 元，超过商业有奖销售的上限 ${TOP_PRIZE} 元，请参照`]);
    return found;
  }

  async function closedStep(said, closed, pinned) {
    const step = "封存", entries = closed.entries;
    const twice = entries.length - new Set(entries).size;
    const ordered = entries.every((e, n) => !n || entries[n - 1] <= e);
    const made = moment(closed.made);
    return [
      finding(step, closed.announcement === pinned, "封存时的公告就是这一份", "公告在封存名单之后被改过"),
      finding(step, moment(said.closes) <= made && made < moment(said.beacon.at),
        "名单在截止之后、信标公布之前封存", "名单不是在截止之后、信标公布之前封存的"),
      finding(step, !twice && ordered, `名单 ${entries.length} 个，没有重复，顺序正确`,
        twice ? `名单里有 ${twice} 个重复` : "名单的顺序不对"),
      finding(step, await rootOf(entries) === closed.root, "名单与封存值相符",
        "名单与封存值不符：封存之后有人加了、删了或改了"),
    ];
  }

  async function drawnStep(said, closed, drawn, pinned, lookedUp) {
    const step = "开奖", seed = unhex(drawn.seed);
    const made = moment(drawn.made), late = made > moment(said.reveal_by);
    const found = [
      finding(step, drawn.closed === pinned, "开奖用的名单就是封存的那一份", "名单在开奖之后被改过"),
      finding(step, made >= moment(said.beacon.at), "开奖在信标公布之后", "开奖的时间早于信标公布"),
      finding(step, late !== Boolean(drawn.seed),
        drawn.seed ? "种子在期限之内公布" : "过了公布种子的期限才按后备办法开奖",
        drawn.seed ? "过了公布种子的期限才用种子开奖" : "不到期限就没有用种子"),
    ];
    if (drawn.seed) {
      found.push(finding(step, hex(await sha256(seed)) === said.commit,
        "种子与公告的承诺值相符", "种子与公告的承诺值不符：种子被换过"));
    } else {
      found.push(finding(step, Boolean(drawn.withheld),
        `没有公布种子，按公告的后备办法只用信标。写明的原因：${drawn.withheld}`, "没有公布种子，也没有写明原因"));
    }
    let beacon;
    try {
      beacon = await beaconBytes(said.beacon, drawn.beacon);
      if (lookedUp) {
        const same = hex(beacon) === hex(await beaconBytes(said.beacon, lookedUp));
        found.push(finding(step, same, "信标与您查到的相同", "信标与您查到的不同"));
      } else found.push([step, null, `信标请您自己查对：${where(said.beacon)}`]);
    } catch (e) {
      if (!(e instanceof DrawError)) throw e;
      return [...found, [step, false, e.message]];
    }
    const order = await ranking(closed.entries, seed, await rootOf(closed.entries), beacon);
    const winners = order.slice(0, said.winners);
    const reserves = order.slice(said.winners, said.winners + said.reserves);
    for (const [name, written, right] of [["中奖", drawn.winners, winners], ["候补", drawn.reserves, reserves]]) {
      const long = Math.max(written.length, right.length);
      let first = 0;
      for (let n = 0; n < long && !first; n += 1) if (written[n] !== right[n]) first = n + 1;
      found.push(finding(step, !first, `${name}名单重算一遍，${right.length} 个都相同`,
        `${name}名单与重算的结果不同，从第 ${first} 个起`));
    }
    return found;
  }

  // For one participant

  function mine(record, entry) {
    const { announcement, closed, drawn } = record;
    if (!closed) return [null, "名单还没有封存"];
    if (!closed.entries.includes(entry)) return [false, "这个参与码不在名单里；请核对有没有抄错"];
    if (!drawn) return [true, "这个参与码在名单里，还没有开奖"];
    const place = drawn.winners.indexOf(entry);
    const each = announcement.prizes.flatMap((p) => Array(Math.min(p.number, drawn.winners.length)).fill(p.name));
    if (place >= 0) return [true, `中奖：第 ${place + 1} 位，${each[place] || ""}`];
    const reserve = drawn.reserves.indexOf(entry);
    return [true, reserve >= 0 ? `候补第 ${reserve + 1} 位` : "在名单里，没有中奖"];
  }

  // The page

  const MARKS = new Map([[true, ["通过", "ok"]], [false, ["不符", "bad"]], [null, ["请看", "unsure"]]]);
  const at = (id) => document.getElementById(id);

  function show(found, verdict, good) {
    at("found").replaceChildren(...found.map(([step, ok, says]) => {
      const line = document.createElement("li");
      const [word, kind] = MARKS.get(ok);
      for (const [name, words] of [[`status ${kind}`, word], ["step", step], ["says", says]]) {
        const span = document.createElement("span");
        span.className = name;
        span.textContent = words;
        line.append(span);
      }
      return line;
    }));
    at("verdict").textContent = verdict;
    at("verdict").className = good ? "notice" : "notice bad";
    at("result").hidden = false;
    at("result").focus();
  }

  function promised(said) {
    const prizes = said.prizes.map((p) => `${p.name} ${p.number} 份，每份 ${p.value} 元`).join("；");
    const rows = [["活动", said.title], ["主办", said.organiser], ["奖品", prizes], ["截止", said.closes],
      ["领奖", `${said.claim_by} 之前，${said.claim}`], ["规则", said.rules]];
    at("promised").replaceChildren(...rows.flatMap(([name, words]) => {
      const [dt, dd] = ["dt", "dd"].map((tag) => document.createElement(tag));
      [dt.textContent, dd.textContent] = [name, words];
      return [dt, dd];
    }));
  }

  async function check() {
    at("mine").hidden = at("winners-title").hidden = true;
    at("winners").replaceChildren();
    at("promised").replaceChildren();
    try {
      const file = at("file").files[0];
      const said = file ? await file.text() : at("text").value;
      if (!said.trim()) throw new DrawError("请先选抽奖记录文件，或把内容贴进来");
      const record = read(said);
      const found = await verify(record, at("pinned").value.trim().split(/\s+/).filter(Boolean), at("beacon").value.trim());
      promised(record.announcement);
      const code = at("code").value.trim();
      const own = code ? await entryOf(code) : "";
      if (own) {
        const [ok, says] = mine(record, own);
        at("mine").textContent = says;
        at("mine").className = ok === false ? "notice bad" : "notice";
        at("mine").hidden = false;
      }
      if (record.drawn) {
        at("winners").replaceChildren(...record.drawn.winners.map((w) => {
          const line = document.createElement("li");
          line.textContent = w;
          if (w === own) line.className = "own";
          return line;
        }));
        at("winners-title").hidden = false;
      }
      const bad = found.filter((f) => f[1] === false);
      const stage = record.drawn ? "开奖结果可信" : "还没有开奖";
      show(found, bad.length
        ? `${bad.length} 处不符，先是“${bad[0][0]}”这一步：${bad[0][2]}`
        : `没有不符的地方，${stage}。“请看”的几项要您自己对照。`, !bad.length);
    } catch (e) {
      show([], e instanceof DrawError ? e.message : "没有算完，请换一个浏览器再试", false);
    }
  }

  if (!globalThis.crypto || !crypto.subtle) at("cannot").hidden = false;
  at("check").addEventListener("submit", (event) => { event.preventDefault(); check(); });
  globalThis.xstDraw = { read, verify, entryOf, mine, ranking, rootOf };
})();
