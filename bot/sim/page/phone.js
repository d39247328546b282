// One simulated person with a phone. Everything goes through the simulator's control API.
"use strict";

const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const user = asked.get("user") || sessionStorage.user || `oDemo${Math.random().toString(36).slice(2, 14)}`;
sessionStorage.user = user;

let last = 0, waiting = 0, followed = null, menu = [], menuText = "", typing = true;

async function call(name, args = {}) {
  const answer = await fetch(`/_sim/${name}`, { method: "POST", body: JSON.stringify(args) });
  const { ok, result, error } = await answer.json();
  if (!ok) throw new Error(error);
  return result;
}

async function act(name, args = {}) {
  waiting += 1;
  title();
  const done = call(name, args);
  look();
  try { await done; } catch (error) { console.warn(error.message); }
  waiting -= 1;
  title();
  await look();
  await state();
}

const mine = (name, args = {}) => act(name, { user, ...args });

function title() {
  $("title").textContent = waiting ? "对方正在输入…" : "协商通";
}

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function linked(text) {
  const link = (url, words) => `<a href="${url}" target="_blank" rel="noopener">${words}</a>`;
  const parts = escape(text).split(/(&lt;a href=(?:&quot;|').*?(?:&quot;|')&gt;.*?&lt;\/a&gt;)/s);
  return parts.map((part) => {
    const anchor = part.match(/^&lt;a href=(?:&quot;|')(https?:\/\/.*?)(?:&quot;|')&gt;(.*?)&lt;\/a&gt;$/s);
    if (anchor) return link(anchor[1], anchor[2]);
    return part.replace(/https?:\/\/[^\s<>"，。；：！？、（）「」\u4e00-\u9fff]+/g, (url) => link(url, url));
  }).join("");
}

const HOW = { "service-text": "客服消息", template: "模板消息", notice: "订阅通知" };

function draw(shown) {
  const item = document.createElement("li");
  if (shown.by === "platform") {
    item.className = `notice ${shown.kind}`;
    item.textContent = shown.text;
  } else {
    item.className = shown.by;
    const bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.innerHTML = linked(shown.text);
    if (HOW[shown.kind] && shown.by === "bot") bubble.insertAdjacentHTML("beforeend", `<small>${HOW[shown.kind]}</small>`);
    item.append(bubble);
  }
  $("chat").append(item);
}

let looking = null;
function look() {
  looking ??= (async () => {
    try {
      const answer = await fetch(`/_sim/screen?user=${encodeURIComponent(user)}&after=${last}`);
      const { result } = await answer.json();
      for (const shown of result) { draw(shown); last = shown.id; }
      if (result.length) {
        // A long answer is read from its beginning.
        const newest = $("chat").lastElementChild;
        const tall = newest.offsetHeight > $("chat").clientHeight * 0.8;
        $("chat").scrollTop = tall ? newest.offsetTop - $("chat").offsetTop - 8 : $("chat").scrollHeight;
      }
    } finally { looking = null; }
  })();
  return looking;
}

const NAMES = { messages: "消息", events: "事件", deliveries: "投递", redeliveries: "重投", duplicates: "重复", replies: "被动回复", "service messages": "客服消息", silences: "静默", faults: "故障", timeouts: "超时" };

async function state() {
  const now = await call("state");
  const is = now.users[user] === true;
  if (is !== followed) {
    followed = is;
    $("profile").hidden = is;
    $("chat").hidden = !is;
    document.querySelector("footer").hidden = !is;
    $("more").hidden = !is;
    look();
  }
  const counts = Object.entries(NAMES).filter(([k]) => now.counts[k]).map(([k, name]) => `<dt>${name}</dt><dd>${now.counts[k]}</dd>`);
  const bad = Object.entries(now.violations).map(([k, n]) => `<dt class="bad">${escape(k)}</dt><dd class="bad">${n}</dd>`);
  $("counts").innerHTML = [...counts, ...bad].join("");
  $("mode").value = now.rules.mode;
  $("kind").value = now.rules.kind;
  $("twice").checked = now.rules.twice;
  const text = JSON.stringify(now.menu);
  if (text !== menuText) {
    menuText = text;
    menu = now.menu ? now.menu.button : [];
    drawMenu();
    if (menu.length) swap(false);
  }
}

function drawMenu() {
  $("menu").replaceChildren(...menu.map((entry) => {
    const button = document.createElement("button");
    button.textContent = entry.name;
    const below = entry.sub_button || [];
    button.className = below.length ? "has" : "";
    button.onclick = (event) => {
      event.stopPropagation();
      if (below.length) popup(button, below); else press(entry);
    };
    return button;
  }));
  $("swap").hidden = !menu.length;
}

function popup(button, below) {
  const box = $("popup");
  const again = !box.hidden && box.dataset.of === button.textContent;
  box.hidden = again;
  box.dataset.of = button.textContent;
  box.replaceChildren(...below.map((entry) => {
    const one = document.createElement("button");
    one.textContent = entry.name;
    one.onclick = () => press(entry);
    return one;
  }));
  const left = button.offsetLeft + button.offsetWidth / 2 - box.offsetWidth / 2;
  const most = document.querySelector(".phone").clientWidth - box.offsetWidth - 8;
  box.style.left = `${Math.max(8, Math.min(left, most))}px`;
}

function press(entry) {
  closeAll();
  if (entry.type === "view") window.open(entry.url, "_blank", "noopener");
  mine("press", { name: entry.name });
}

function swap(to) {
  typing = to;
  $("form").hidden = !typing;
  $("menu").hidden = typing;
  $("swap").textContent = typing ? "☰" : "⌨";
}

function closeAll() {
  $("popup").hidden = true;
  $("sheet").hidden = true;
  $("more").setAttribute("aria-expanded", "false");
}

const DOES = {
  voice: () => mine("voice"),
  spoken: () => mine("voice", { recognition: "加班费怎么算" }),
  image: () => mine("image"),
  location: () => mine("location", { latitude: 34.7466, longitude: 113.6253, label: "河南省郑州市" }),
  redeliver: () => act("redeliver"),
  unfollow: () => mine("unfollow"),
};

$("form").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").value = "";
  if (text) mine("text", { text });
};
$("swap").onclick = () => { swap(!typing); if (typing) $("text").focus(); };
$("more").onclick = (event) => {
  event.stopPropagation();
  $("sheet").hidden = !$("sheet").hidden;
  $("more").setAttribute("aria-expanded", String(!$("sheet").hidden));
};
$("sheet").onclick = (event) => { closeAll(); DOES[event.target.dataset.do]?.(); };
$("follow").onclick = () => mine("follow");
$("scan").onclick = () => mine("scan", { scene: "spring2026" });
$("chat").onclick = closeAll;
document.onkeydown = (event) => { if (event.key === "Escape") closeAll(); };
for (const rule of ["mode", "kind"]) $(rule).onchange = () => act("set", { [rule]: $(rule).value });
$("twice").onchange = () => act("set", { twice: $("twice").checked });

swap(true);
$("swap").hidden = true;
title();
state().then(look);
setInterval(look, 900);
setInterval(state, 4000);
