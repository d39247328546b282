/* Verifies a certificate in the browser, as bot/exam/certificate.py does; a test holds the two
   together. Asks nobody anything; where the browser has no Ed25519, the form goes to the server. */
"use strict";

(() => {
  const TOKEN = /(XSTC1|XSTS1)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})/g;
  const NAMES = {
    serial: "s", issuer: "i", name: "n", unit: "u", issued: "d", expires: "e",
    taken: "t", correct: "c", total: "a", needed: "m", form: "f", key: "k",
  };
  const FORM = "证书数据不完整，或被改过";
  const STATUS = "状态清单的签名不对，没有采用";

  class Refused extends Error {}

  const bytes = (text) => {
    const plain = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
  };
  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (raw) => Array.from(new Uint8Array(raw), (b) => b.toString(16).padStart(2, "0")).join("");

  function find(text, kind) {
    const found = [...text.matchAll(TOKEN)].find((m) => m[1] === kind);
    return found ? found[0] : "";
  }

  function open(token, kind) {
    const match = [...token.matchAll(TOKEN)][0];
    try {
      if (!match || match[0] !== token || match[1] !== kind) throw new Error();
      const raw = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(match[2])));
      if (!raw || typeof raw !== "object" || Array.isArray(raw)) throw new Error();
      return raw;
    } catch (e) { throw new Refused(FORM); }
  }

  const isDay = (text) => {
    const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
    if (!m) return false;
    const day = new Date(Date.UTC(+m[1], +m[2] - 1, +m[3]));
    return +m[1] > 0 && day.getUTCMonth() === +m[2] - 1 && day.getUTCDate() === +m[3];
  };

  function read(token) {
    const raw = open(token, "XSTC1");
    const short = Object.values(NAMES);
    if (Object.keys(raw).length !== short.length || short.some((k) => !Object.hasOwn(raw, k))) throw new Refused(FORM);
    const said = {};
    for (const [name, k] of Object.entries(NAMES)) {
      const number = ["correct", "total", "needed"].includes(name);
      if (number ? !Number.isInteger(raw[k]) : typeof raw[k] !== "string") throw new Refused(FORM);
      said[name] = raw[k];
    }
    if (![said.issued, said.expires, said.taken].every(isDay)) throw new Refused(FORM);
    return said;
  }

  async function keysIn(text) {
    const plain = text.trim();
    const one = async (base) => {
      let raw;
      try { raw = bytes(base); } catch (e) { raw = []; }
      if (raw.length !== 32) throw new Refused("公钥应是 32 字节的 base64（44 个字符）");
      return { id: hex(await crypto.subtle.digest("SHA-256", raw)).slice(0, 8), raw };
    };
    if (!plain.startsWith("{")) return [{ ...await one(plain), until: "" }];
    let listed;
    try {
      listed = JSON.parse(plain).keys.map((k) => [k.id, k.public, k.until]);
    } catch (e) { throw new Refused("不是公钥清单；请用签发单位公布的 keys.json"); }
    const keys = [];
    for (const [id, base, until] of listed) {
      const key = await one(base);
      if (key.id !== id) throw new Refused(`公钥 ${id} 与它的编号不符`);
      keys.push({ ...key, until });
    }
    return keys;
  }

  async function signer(token, id, keys, made) {
    const key = keys.find((k) => k.id === id);
    if (!key) return `签名用的密钥 ${id} 不在给出的公钥里：不是这个单位签发的，或公钥旧了`;
    const dot = token.lastIndexOf(".");
    const usable = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    const good = await crypto.subtle.verify({ name: "Ed25519" }, usable, bytes(token.slice(dot + 1)), utf8(token.slice(0, dot)));
    if (!good) return "签名不对：证书是伪造的，或被改过";
    if (key.until && made > key.until) return `签名用的密钥 ${id} 到 ${key.until} 为止，证书写的签发日期在那以后：不可信`;
    return "";
  }

  async function readStatus(token, keys) {
    const raw = open(token, "XSTS1");
    const formed = [raw.d, raw.e].every((d) => typeof d === "string" && isDay(d)) && raw.r
      && typeof raw.r === "object" && Array.isArray(raw.x);
    if (!formed || await signer(token, raw.k, keys, raw.d)) throw new Refused(STATUS);
    return { made: raw.d, until: raw.e, revoked: raw.r, stale: raw.x };
  }

  // [good, lines, what was signed or null]
  async function verify(token, keys, day, status = null) {
    let found;
    try { found = read(token); } catch (e) {
      if (e instanceof Refused) return [false, [e.message], null];
      throw e;
    }
    const wrong = await signer(token, found.key, keys, found.issued);
    if (wrong) return [false, [wrong], null];
    const says = [];
    if (found.issued > day) says.push("签发日期在今天以后");
    if (found.expires < day) says.push(`已过有效期（到 ${found.expires}）`);
    if (status && Object.hasOwn(status.revoked, found.serial)) says.push(`已于 ${status.revoked[found.serial]} 吊销`);
    if (status && status.stale.includes(found.serial)) says.push("所考条文变动超过两成，证书已失效，请重新考试");
    const good = !says.length;
    if (good) says.push("签名有效，在有效期内。");
    if (!status) says.push("没有给出状态清单：是否被吊销、所考条文是否变动过多，没有核对。");
    else if (good && status.until < day) says.push(`状态清单是 ${status.made} 的，${status.until} 起就该换新的：之后的吊销和变动没有核对。`);
    else if (good) says.push(`${status.made} 的状态清单里，没有吊销，也没有失效。`);
    return [good, says, found];
  }

  async function able() {
    try {
      await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
      return true;
    } catch (e) { return false; }
  }

  // The page

  const at = (id) => document.getElementById(id);
  const today = () => {
    // China's day, as the server reckons.
    return new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  };

  function show(good, says, found) {
    at("verdict").textContent = says.join("\n");
    at("verdict").className = `notice verdict lines ${good ? "" : "bad"}`;
    const rows = found ? [["姓名", found.name], ["单位", found.unit], ["证书编号", found.serial],
      ["签发单位", found.issuer], ["考试日期", found.taken],
      ["成绩", `${found.correct}/${found.total}，合格线 ${found.needed}`],
      ["签发日期", found.issued], ["有效期至", found.expires]] : [];
    at("paper").replaceChildren(...rows.flatMap(([name, words]) => {
      const [dt, dd] = ["dt", "dd"].map((tag) => document.createElement(tag));
      [dt.textContent, dd.textContent] = [name, words];
      return [dt, dd];
    }));
    at("truth").hidden = !found;
    const served = at("served");
    if (served) served.remove();
    at("result").hidden = false;
    at("result").focus();
  }

  async function said() {
    const file = at("file").files[0];
    if (!file) return find(at("text").value, "XSTC1");
    const raw = new TextDecoder("latin1").decode(await file.arrayBuffer());
    const tokens = new Set([...raw.matchAll(TOKEN)].filter((m) => m[1] === "XSTC1").map((m) => m[0]));
    return tokens.size === 1 ? [...tokens][0] : "";
  }

  async function check() {
    try {
      const token = await said();
      if (!token) throw new Refused("里面没有证书的签名数据；请扫证书上的二维码，把得到的字贴进来");
      if (!at("keys").value.trim()) throw new Refused("还没有公钥：请把签发单位公布的 keys.json 贴到“公钥”一栏");
      const keys = await keysIn(at("keys").value);
      const listed = find(at("status").value, "XSTS1");
      const status = listed ? await readStatus(listed, keys) : null;
      show(...await verify(token, keys, today(), status));
    } catch (e) {
      show(false, [e instanceof Refused ? e.message : "没有算完，请换一个浏览器再试"], null);
    }
  }

  async function start() {
    const carried = find(location.hash, "XSTC1");
    if (carried) at("text").value = carried;
    const file = location.protocol === "file:";
    if (!await able()) {
      at("cannot").textContent = file
        ? "这个浏览器不会算 Ed25519 签名，本页在这里核对不了。请换新一些的浏览器，或运行 xst certificate verify。"
        : "这个浏览器不会算 Ed25519 签名。按“核对”，就由这个网站来算。";
      at("cannot").hidden = false;
      if (file) at("check").addEventListener("submit", (event) => event.preventDefault());
      return;
    }
    for (const e of document.querySelectorAll(".scripted")) e.hidden = false;
    at("given").open = !at("keys").value.trim();
    at("check").addEventListener("submit", (event) => { event.preventDefault(); check(); });
    if (carried && at("keys").value.trim()) check();
  }

  globalThis.xstCertificate = { find, read, keysIn, readStatus, verify, able };
  start();
})();
