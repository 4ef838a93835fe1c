"use strict";

const BROKEN_FOR_MS = 3000;
const RETRY_MS = 1000;
const TYPING_SHOWN_MS = 3000;

/** One person: a sign-in, a conversation, a socket that resumes after every break. */
class Person {
  constructor(root) {
    this.part = (name) => root.querySelector(`[data-${name}]`);
    this.write = this.part("write");
    this.part("login").addEventListener("submit", (event) => { event.preventDefault(); this.signIn(event.target); });
    this.part("pick").addEventListener("change", () => this.choose(Number(this.part("pick").value)));
    this.part("break").addEventListener("click", () => this.break());
    this.write.addEventListener("submit", (event) => { event.preventDefault(); this.say(); });
    this.write.message.addEventListener("input", () => this.send({ type: "typing" }));
    window.addEventListener("focus", () => this.markRead());
  }

  async api(path, options = {}) {
    const headers = { "Content-Type": "application/json" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const answer = await fetch(`/api/mobile${path}`, { credentials: "omit", ...options, headers });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body;
  }

  async signIn(form) {
    try {
      const credentials = { email: form.email.value, password: form.password.value };
      const { token, user } = await this.api("/auth/login", { method: "POST", body: JSON.stringify(credentials) });
      this.token = token;
      this.id = user.accountID;
      this.part("name").textContent = user.businessName || `${user.firstName} ${user.lastName}`;
      form.hidden = true;
      this.part("talk").hidden = false;
      await this.list();
    } catch (fault) {
      this.state(fault.message);
    }
  }

  async list() {
    const { items } = await this.api("/chat/conversations?limit=100");
    this.conversations = new Map(items.map((one) => [one.conversationID, one]));
    const label = (one) => one.jobTitle + (one.unreadCount ? ` (${one.unreadCount} unread)` : "");
    this.part("pick").replaceChildren(...items.map((one) => new Option(label(one), one.conversationID)));
    if (!items.length) return this.state("no conversation yet: accept an application first");
    const common = items.find((one) => people.some((other) => other !== this && other.number === one.conversationID));
    this.part("pick").value = (common || items[0]).conversationID;
    this.choose((common || items[0]).conversationID);
  }

  choose(number) {
    this.number = number;
    this.last = 0;
    this.othersRead = 0;
    this.open = new Map();
    this.part("messages").replaceChildren();
    for (const one of this.conversations.get(number).participants) {
      if (one.accountID !== this.id) this.othersRead = Math.max(this.othersRead, one.readSeq);
    }
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    if (this.socket) { this.socket.onclose = null; this.socket.close(); }
    this.state("connecting");
    const url = new URL(`/ws/chat/${this.number}/`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url, ["iayos", `bearer.${this.token}`]);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.socket.onclose = (event) => this.closed(event.code);
  }

  opened() {
    this.state("connected", true);
    this.send({ type: "resume", after: this.last });
    for (const [clientID, item] of this.open) this.send({ message: item.text, clientID });
  }

  closed(code) {
    if (code === 4401) return this.state("signed out (4401)");
    if (code === 4403) return this.state("not a participant (4403)");
    this.state(`connection lost (${code}), connecting again`);
    this.timer = setTimeout(() => this.connect(), RETRY_MS);
  }

  break() {
    this.socket.onclose = null;
    this.socket.close();
    this.state("broken; resumes in three seconds");
    this.timer = setTimeout(() => this.connect(), BROKEN_FOR_MS);
  }

  send(frame) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  say() {
    const text = this.write.message.value.trim();
    if (!text) return;
    const clientID = crypto.randomUUID ? crypto.randomUUID() : this.uuid();
    const item = { text, element: this.show(text, true) };
    item.element.classList.add("open");
    this.open.set(clientID, item);
    this.send({ message: text, clientID });
    this.write.message.value = "";
  }

  /** On a page that is neither https nor localhost there is no randomUUID. */
  uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  hear(frame) {
    const kinds = {
      chat_message: () => this.message(frame),
      ack: () => this.acknowledged(frame),
      typing: () => this.typing(),
      read: () => { if (frame.accountID !== this.id) { this.othersRead = frame.seq; this.marks(); } },
      presence: () => { this.part("typing").textContent = frame.online ? "the other side is online" : "the other side is offline"; },
      resumed: () => this.state(frame.to < frame.from ? "connected" : `connected, resumed ${frame.from} to ${frame.to}`, true),
      error: () => this.refused(frame),
    };
    (kinds[frame.type] || (() => {}))();
  }

  message(frame) {
    if (frame.seq <= this.last) return;
    this.last = frame.seq;
    const mine = frame.sender_id === this.id;
    const waiting = mine && this.open.get(frame.clientID);
    const element = waiting ? waiting.element : this.show(frame.message, mine);
    this.place(element, frame);
    if (waiting) this.open.delete(frame.clientID);
    if (!mine) { this.part("typing").textContent = ""; this.markRead(); }
  }

  acknowledged(frame) {
    const waiting = this.open.get(frame.clientID);
    if (waiting) waiting.element.title = `stored as number ${frame.seq}`;
  }

  refused(frame) {
    const waiting = this.open.get(frame.clientID);
    if (waiting) { waiting.element.remove(); this.open.delete(frame.clientID); }
    this.part("typing").textContent = `${frame.code}: ${frame.error}`;
  }

  typing() {
    this.part("typing").textContent = "typing …";
    clearTimeout(this.typed);
    this.typed = setTimeout(() => { this.part("typing").textContent = ""; }, TYPING_SHOWN_MS);
  }

  show(text, mine) {
    const element = document.createElement("li");
    element.append(document.createTextNode(text), document.createElement("small"));
    element.classList.toggle("mine", mine);
    const list = this.part("messages");
    list.append(element);
    list.scrollTop = list.scrollHeight;
    return element;
  }

  place(element, frame) {
    element.classList.remove("open");
    element.dataset.seq = frame.seq;
    element.dataset.at = new Date(frame.createdAt).toLocaleTimeString();
    const waiting = [...this.part("messages").children].find((one) => one.classList.contains("open"));
    this.part("messages").insertBefore(element, waiting || null);
    this.marks();
  }

  marks() {
    for (const element of this.part("messages").querySelectorAll("[data-seq]")) {
      const read = element.classList.contains("mine") && Number(element.dataset.seq) <= this.othersRead ? " · read" : "";
      element.lastChild.textContent = `#${element.dataset.seq} · ${element.dataset.at}${read}`;
    }
    const list = this.part("messages");
    list.scrollTop = list.scrollHeight;
  }

  markRead() {
    if (this.last && document.visibilityState === "visible") this.send({ type: "read", seq: this.last });
  }

  state(text, live = false) {
    this.part("state").textContent = text;
    this.part("state").classList.toggle("live", live);
    this.part("break").disabled = !live;
    for (const element of this.write.elements) element.disabled = !this.number;
  }
}

const people = [...document.querySelectorAll("section")].map((section) => new Person(section));
