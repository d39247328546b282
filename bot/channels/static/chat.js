/* The page works without this file. With it, answers come without a reload, and law texts open
   over the conversation. Nothing is stored, and nothing but this site is asked. */
(function () {
  "use strict";
  var form = document.getElementById("chat");
  var talk = document.getElementById("talk");
  var box = document.getElementById("text");
  if (!form || !talk || !box || !window.fetch || !window.Promise || !window.URL) return;

  var send = form.querySelector(".send");
  var place = document.getElementById("place");
  var busy = false;
  var pressed = null;

  function each(list, run) { Array.prototype.forEach.call(list, run); }

  function line(name, text) {
    var p = document.createElement("p");
    p.className = name;
    p.textContent = text;
    return p;
  }

  function setBusy(on) {
    busy = on;
    talk.setAttribute("aria-busy", on ? "true" : "false");
    each(document.querySelectorAll('button[form="chat"], .send'), function (b) { b.disabled = on; });
  }

  function fragment(html) {
    var holder = document.createElement("template");
    holder.innerHTML = html; // rendered and escaped by our own server
    return holder.content;
  }

  function post(body) {
    var abort = window.AbortController ? new AbortController() : null;
    var timer = setTimeout(function () { if (abort) abort.abort(); }, 25000);
    return fetch("/api/turn", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: abort ? abort.signal : undefined
    }).then(function (r) { return r.json(); }).then(
      function (found) { clearTimeout(timer); return found; },
      function (error) { clearTimeout(timer); throw error; }
    );
  }

  function ready() {
    // A phone's keyboard would cover the answer; a desk's keyboard wants the next question.
    if (window.matchMedia && matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
    else box.blur();
  }

  function setRegion(region) {
    var name = region || form.dataset.nation;
    document.getElementById("region").textContent = name;
    var pick = document.getElementById("pick");
    var wanted = region || "国家";
    if (!Array.prototype.some.call(pick.options, function (o) { return o.value === wanted; })) {
      pick.add(new Option(wanted, wanted), 1);
    }
    pick.value = wanted;
  }

  function show(section, found) {
    section.appendChild(fragment(found.html));
    section.classList.add("fresh");
    if (found.token) form.elements.token.value = found.token;
    if (typeof found.region === "string") setRegion(found.region);
  }

  function vote(button, found) {
    var thumbs = button.parentNode;
    var said = fragment(found.html).querySelector(".said");
    form.elements.token.value = found.token;
    var note = document.createElement("span");
    note.className = "small";
    note.textContent = said ? said.textContent.trim() : "";
    thumbs.replaceWith(note);
  }

  function ask(button) {
    var choice = button && button.name === "choice" ? button.value : "";
    var text = choice ? "" : box.value;
    if (busy || (!choice && !text.trim())) { box.focus(); return; }
    var body = {
      text: text, choice: choice, region: document.getElementById("pick").value,
      token: form.elements.token.value
    };
    if (choice === "up") {
      setBusy(true);
      post(body).then(function (found) { setBusy(false); vote(button, found); },
        function () { setBusy(false); });
      return;
    }
    var section = document.createElement("section");
    section.className = "exchange";
    var asked = choice ? button.textContent.trim() : text.trim();
    if (choice === "place") {
      var pick = document.getElementById("pick");
      asked = pick.options[pick.selectedIndex].textContent.trim();
    } else if (choice === "region:国家") asked = form.dataset.nation;
    var bubble = line("asked", asked);
    var waiting = line("waiting", form.dataset.sending);
    waiting.setAttribute("role", "status");
    section.appendChild(bubble);
    section.appendChild(waiting);
    talk.appendChild(section);
    if (place) place.open = false;
    if (!choice) box.value = "";
    setBusy(true);
    section.scrollIntoView({ block: "start" });
    post(body).then(function (found) {
      waiting.remove();
      // Only the newest answer may be answered by a button.
      each(talk.querySelectorAll(".choices"), function (c) { c.remove(); });
      show(section, found);
    }).catch(function () {
      waiting.remove();
      section.appendChild(line("waiting trouble", form.dataset.offline));
      if (!choice) { bubble.remove(); box.value = text; }
    }).then(function () {
      setBusy(false);
      section.scrollIntoView({ block: "start" });
      ready();
    });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("button") : null;
    if (button) pressed = button;
  }, true);

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var button = event.submitter || pressed;
    pressed = null;
    ask(button);
  });

  box.addEventListener("keydown", function (event) {
    // Enter chooses a word while a Chinese input method is open.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    ask(send);
  });

  if (place) {
    document.addEventListener("click", function (event) {
      if (place.open && !place.contains(event.target)) place.open = false;
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && place.open) { place.open = false; place.querySelector("summary").focus(); }
    });
  }

  /* The reader */

  var reader = document.getElementById("reader");
  var page = document.getElementById("reader-body");
  var depth = 0;
  if (!reader || !reader.showModal || !history.pushState) return;

  function load(url) {
    return fetch(url, { credentials: "omit" }).then(function (r) { return r.text(); }).then(function (html) {
      var main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
      page.textContent = "";
      page.className = "page";
      var inner = document.createElement("div");
      inner.className = "body";
      while (main && main.firstChild) inner.appendChild(main.firstChild);
      page.appendChild(inner);
      document.getElementById("reader-open").href = url;
      if (!reader.open) reader.showModal();
      reader.scrollTop = 0;
      var anchor = url.split("#")[1];
      var target = anchor && document.getElementById(decodeURIComponent(anchor));
      if (target) target.scrollIntoView();
      page.focus({ preventScroll: true });
    });
  }

  function leave() { if (depth) history.go(-depth); else reader.close(); }

  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[href]") : null;
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var url = new URL(link.href);
    if (url.origin !== location.origin || link.id === "reader-open") return;
    if (url.pathname === location.pathname && url.pathname === "/" && !reader.contains(link)) return;
    if (reader.contains(link) && url.hash && link.getAttribute("href").charAt(0) === "#") {
      event.preventDefault();
      var spot = document.getElementById(decodeURIComponent(url.hash.slice(1)));
      if (spot) spot.scrollIntoView();
      return;
    }
    if (!/^\/(law|privacy|about)/.test(url.pathname)) return;
    event.preventDefault();
    load(url.href).then(function () {
      depth += 1;
      history.pushState({ reader: url.href, depth: depth }, "");
    }, function () { window.open(url.href, "_blank", "noopener"); });
  });

  document.getElementById("reader-close").addEventListener("click", leave);
  reader.addEventListener("cancel", function (event) { event.preventDefault(); leave(); });
  reader.addEventListener("click", function (event) { if (event.target === reader) leave(); });
  window.addEventListener("popstate", function (event) {
    var state = event.state;
    depth = state && state.depth ? state.depth : 0;
    if (state && state.reader) load(state.reader);
    else if (reader.open) reader.close();
  });
}());
