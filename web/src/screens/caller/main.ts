// The caller's page: no framework, no login, no waiting. It runs in old web views, so it asks little of them: what a phone does not have
// (position, sound, storage, camera) is missing alone and stops nothing else.
import { cards, cardText, type Card } from '../../text/cards';
import { say, type CallerKey } from '../../text/caller';
import type { Lang } from '../../text/t';
import { forget, keep, kept } from '../../ui/keep';
import { callerView, type CallerPlace } from '../../wire/caller';
import { Metronome } from './beat';
import { get, post, request, type Reply } from './http';
import {
  band,
  beatAt,
  due,
  fate,
  lines,
  maxOwed,
  maxWords,
  news,
  next,
  poorM,
  screen,
  settled,
  steps,
  stepsDone,
  stillOwed,
  worthSending,
  type Event,
  type Owed,
  type PhoneFix,
  type Press,
  type Screen,
  type State,
  type Who,
} from './model';
import { leapt, measured, offsetMs, serverNow, skewS, steady } from './clock';
import { shrink } from './photo';

/** An attempt that has no answer in this time is given up; the next one is on its way already. */
const attemptMs = 4_000;
const photoMs = 90_000;
const tickMs = 250;
const newsMs = 1_000;
/** The centre's clock is measured anew this often; until it is, sooner. */
const measureMs = 30_000;
const measureFirstMs = 3_000;
const aboutAgainMs = 5_000;
/** A fix this old may still be given by the phone. */
const fixKeptMs = 10_000;
/** A phone's clock further off than this is said (TIM-001). */
const skewShownS = 1;

type Sheet = '' | 'place' | 'chat' | 'aid' | 'card';
interface Upload {
  id: string;
  jpeg: Blob;
  nextMs: number;
  tries: number;
}

const asked = (name: string): string | undefined => new RegExp(`[?&]${name}=(\\w+)`).exec(location.search)?.[1];
let lang: Lang = (asked('lang') ?? kept('lang')) === 'en' ? 'en' : 'zh';
let theme: 'day' | 'night' = firstTheme();
let large = (asked('size') ?? kept('sos_size')) === 'large';
let state: State = { is: 'idle' };
let fix: PhoneFix | undefined;
let fixSent: PhoneFix | undefined;
let fixFailed = false;
let byHand = false;
let demo = false;
let said = '';
/** The press that a desk hears and that no store holds yet (DLV-006): it stays pending and is sent again (ALM-003). */
let heard = '';
let owed: Owed[] = [];
let sendingOwed = false;
let askingNews = false;
let askedAt = 0;
let readSent = '';
let uploads: Upload[] = [];
let uploading = false;
let photoBad = false;
let relocating = false;
let sheet: Sheet = '';
let card: Card | undefined;
let cardShown = '';
let withYou: boolean | undefined;
const beat = new Metronome();

const t = (key: CallerKey, args?: Record<string, string | number>): string => say(lang, key, args);
const iso = (ms: number): string => new Date(ms).toISOString();
const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

function firstTheme(): 'day' | 'night' {
  const wanted = asked('theme') ?? kept('sos_theme');
  if (wanted === 'day' || wanted === 'night') return wanted;
  try {
    return window.matchMedia('(prefers-color-scheme: light)').matches ? 'day' : 'night';
  } catch {
    return 'day';
  }
}

function newId(): string {
  const raw = new Uint8Array(16);
  try {
    crypto.getRandomValues(raw);
  } catch {
    for (let i = 0; i < raw.length; i++) raw[i] = Math.floor(Math.random() * 256);
  }
  let out = '';
  for (let i = 0; i < raw.length; i++) out += ((raw[i] ?? 0) + 256).toString(16).slice(1);
  return out;
}

/** Beijing time of a server instant (TIM-002). */
function minute(ms: number): string {
  const d = new Date(ms + 8 * 3_600_000);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
}

function labelled(name: CallerKey, words: string): string {
  return `${t(name)}${lang === 'zh' ? '：' : ': '}${words}`;
}

function span(s: number): string {
  const whole = Math.max(0, Math.floor(s));
  if (lang === 'zh') return whole < 60 ? `${whole} 秒` : `${Math.floor(whole / 60)} 分钟`;
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min`;
}

// ---- what is kept over a reload: the press, the secret, and what is still to be told ----

/** Where storage is refused, the address itself remembers the press: a reload goes on with it, and makes no second alarm (ALM-004). */
function remember(): void {
  const press = state.is === 'sending' || state.is === 'received' ? state.press : undefined;
  const token = state.is === 'received' ? state.token : '';
  if (!press) {
    forget('press');
    forget('token');
    forget('owed');
    hash('');
    return;
  }
  const ok = keep('press', JSON.stringify(press)) && (!token || keep('token', token));
  if (!ok) hash(`#${press.pressId}.${press.who}.${press.pressedMs}.${token}`);
}

function hash(to: string): void {
  try {
    if (location.hash !== to) history.replaceState(history.state, '', location.pathname + location.search + to);
  } catch {
    // a view without history: the press is sent all the same
  }
}

function resume(): void {
  let press: Press | null = null;
  let token = kept('token');
  try {
    press = JSON.parse(kept('press') ?? 'null') as Press | null;
    // Each load has its own clock: what waited for a time of the last one is due now.
    owed = (JSON.parse(kept('owed') ?? '[]') as Owed[]).map((item) => ({ ...item, nextMs: 0 }));
  } catch {
    forget('press');
    forget('owed');
    owed = [];
  }
  const parts = /^#(\w+)\.(self|relative|stranger)\.(\d+)\.(\w*)$/.exec(location.hash);
  if (!press && parts) {
    press = { pressId: parts[1] ?? '', who: parts[2] as Who, pressedMs: Number(parts[3]) };
    token = parts[4] ?? undefined;
  }
  if (!press || !press.pressId) return;
  take({ is: 'press', press, nowMs: steady() });
  if (token) take({ is: 'stored', pressId: press.pressId, token, nowMs: steady() });
}

function keepOwed(): void {
  const extra = owed.length - maxOwed;
  if (extra > 0) owed = owed.filter((item, i) => i >= extra || item.is === 'owed');
  keep('owed', JSON.stringify(owed));
}

function take(event: Event): void {
  const before = state;
  state = next(state, event);
  if (state === before) return;
  if (state.is !== before.is || event.is === 'press') {
    if (state.is === 'ended' || state.is === 'idle') {
      fixSent = undefined;
      owed = [];
      uploads = [];
      byHand = false;
      withYou = undefined;
      readSent = '';
      if (sheet === 'chat' || sheet === 'place') show('');
    }
    remember();
  }
  draw();
}

// ---- the line to the centre ----

function place(): CallerPlace | undefined {
  return fix && { pos: fix.pos, accuracy_m: fix.accuracyM, source: 'gps', at: iso(fix.atMs - (offsetMs() ?? 0)) };
}

function sendAlarm(press: Press): void {
  const carried = byHand ? undefined : fix;
  take({ is: 'sent', nowMs: steady() });
  const phone = phoneField.value.trim();
  const body = {
    press_id: press.pressId,
    who: press.who,
    pressed: iso(press.pressedMs),
    ...(phone ? { phone } : {}),
    ...(carried ? { place: place() } : {}),
    ...(offsetMs() === undefined ? {} : { offset_ms: offsetMs() }),
  };
  post('/api/v1/alarms/caller', body, attemptMs, (reply) => {
    const value = reply.value as { state?: unknown; token?: unknown } | undefined;
    if (reply.status < 200 || reply.status >= 300) return;
    heard = reply.unrecorded ? press.pressId : '';
    if (!value || value.state !== 'stored' || typeof value.token !== 'string') return; // heard, but not stored: not received (ALM-003)
    if (carried) fixSent = carried;
    take({ is: 'stored', pressId: press.pressId, token: value.token, nowMs: steady() });
    tick();
  });
}

function askNews(token: string): void {
  askingNews = true;
  get(`/api/v1/sos/${token}`, attemptMs, (reply) => {
    askingNews = false;
    askedAt = steady();
    if (reply.status === 200 && callerView(reply.value)) {
      const view = reply.value;
      byHand = !!view.corrected && view.place?.source === 'manual';
      const left = stillOwed(owed, view);
      if (left.length !== owed.length) {
        owed = left;
        keepOwed();
      }
      take({ is: 'news', view, nowMs: steady() });
      notice();
    }
    if (reply.status === 404 || reply.status === 410) take({ is: 'closed' });
  });
}

/** A card that the desk sends opens by itself, once; messages are read when the talk is open. */
function notice(): void {
  if (state.is !== 'received') return;
  const unread = news(state.view);
  if (!unread) return;
  const { last } = unread;
  if (last.card && last.id && last.id !== cardShown && sheet !== 'card') {
    cardShown = last.id;
    const wanted = find(last.card);
    if (wanted) openCard(wanted);
  }
  const seen = sheet === 'chat' || (sheet === 'card' && card?.id === last.card);
  if (seen && last.id && last.id !== readSent && document.visibilityState !== 'hidden') {
    const id = last.id;
    readSent = id;
    post(`/api/v1/sos/${state.token}/read`, { up_to: id }, attemptMs, (reply) => {
      if (reply.status === 0 || reply.status >= 500) readSent = '';
    });
  }
}

function tell(item: Pick<Owed, 'kind' | 'text' | 'place' | 'elsewhere'>): void {
  owed = owed.concat([{ id: newId(), ...item, atMs: serverNow(), tries: 0, nextMs: 0, is: 'owed' }]);
  keepOwed();
  draw();
  sendOwed();
}

function sendOwed(): void {
  if (sendingOwed || state.is !== 'received') return;
  const item = due(owed, steady());
  if (!item) return;
  sendingOwed = true;
  const { token } = state;
  const at = iso(item.atMs);
  const path = item.kind === 'text' ? 'messages' : 'place';
  const body =
    item.kind === 'text'
      ? { id: item.id, text: item.text ?? '', at }
      : { id: item.id, place: item.place ?? {}, elsewhere: !!item.elsewhere, at };
  post(`/api/v1/sos/${token}/${path}`, body, attemptMs, (reply) => {
    sendingOwed = false;
    if (reply.status === 404 || reply.status === 410) {
      take({ is: 'closed' });
      return;
    }
    // Heard but not stored is not delivered yet: it is sent again (DLV-006).
    owed = settled(owed, item.id, reply.unrecorded ? 'again' : fate(reply.status), steady());
    keepOwed();
    draw();
    sendOwed();
  });
}

function sendPhoto(): void {
  const up = uploads[0];
  if (uploading || !up || state.is !== 'received' || up.nextMs > steady()) return;
  uploading = true;
  const path = `/api/v1/sos/${state.token}/photos?id=${up.id}`;
  request('POST', path, up.jpeg, 'image/jpeg', photoMs, (reply: Reply) => {
    uploading = false;
    const what = reply.unrecorded ? 'again' : fate(reply.status);
    if (what === 'again' && up.tries < 60) {
      up.tries++;
      up.nextMs = steady() + 3_000;
    } else {
      uploads = uploads.filter((one) => one !== up);
      photoBad = what !== 'stored';
    }
    draw();
  });
}

function sendFix(token: string): void {
  const sending = fix;
  const where = place();
  if (!sending || !where || byHand || !worthSending(sending, fixSent)) return;
  const before = fixSent;
  fixSent = sending;
  post(`/api/v1/sos/${token}/detail`, { id: newId(), place: where }, attemptMs, (reply) => {
    if (fate(reply.status) !== 'stored') fixSent = before;
    draw();
  });
}

let measuring = false;
let measuredAt = -Infinity;
/** The centre's clock, asked again now and then and after every leap: a phone's clock is set under way, and phones sleep (TIM-001). */
function measure(): void {
  if (measuring) return;
  measuring = true;
  measuredAt = steady();
  get('/api/v1/time', attemptMs, (reply) => {
    measuring = false;
    const value = reply.value as { server_us?: unknown } | undefined;
    if (value && typeof value.server_us === 'number') measured(measuredAt, value.server_us);
    draw();
  });
}
function askAbout(): void {
  get('/api/v1/about', attemptMs, (about) => {
    const what = about.value as { demo?: unknown } | undefined;
    if (what) demo = what.demo === true;
    else setTimeout(askAbout, aboutAgainMs);
    draw();
  });
}

/** How old a fix is. Its stamp and the phone's clock may stem from different clocks: what cannot be is taken as new. */
function fixAgeMs(stamp: number): number {
  const age = Date.now() - stamp;
  return age >= 0 && age <= fixKeptMs ? age : 0;
}

function took(at: GeolocationPosition): void {
  fix = {
    pos: { lat: at.coords.latitude, lon: at.coords.longitude },
    accuracyM: at.coords.accuracy,
    atMs: steady() - fixAgeMs(at.timestamp),
  };
  fixFailed = false;
  if (state.is === 'received') sendFix(state.token);
  draw();
}

function missed(): void {
  fixFailed = !fix;
  draw();
}

function locate(): void {
  if (!navigator.geolocation) {
    missed();
    return;
  }
  try {
    navigator.geolocation.watchPosition(took, missed, {
      enableHighAccuracy: true,
      maximumAge: fixKeptMs,
      timeout: 20_000,
    });
  } catch {
    missed();
  }
}

/** A new measurement that the caller asks for: what it says counts as their correction, and both values stay. */
function relocate(): void {
  if (!navigator.geolocation || relocating) return;
  relocating = true;
  draw();
  navigator.geolocation.getCurrentPosition(
    (at) => {
      relocating = false;
      took(at);
      const where = place();
      if (where) tell({ kind: 'place', place: where });
      show('');
    },
    () => {
      relocating = false;
      missed();
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: 20_000 },
  );
}

function tick(): void {
  const now = steady();
  if (state.is === 'sending' && now >= state.nextMs) sendAlarm(state.press);
  if (state.is === 'received') {
    if (!askingNews && now - askedAt >= newsMs) askNews(state.token);
    sendOwed();
    sendPhoto();
  }
  const every = offsetMs() === undefined || leapt() ? measureFirstMs : measureMs;
  if (now - measuredAt >= every) measure();
  draw();
}

function press(who: Who): void {
  take({ is: 'restart' });
  said = '';
  take({ is: 'press', press: { pressId: newId(), who, pressedMs: Math.round(steady()) }, nowMs: steady() });
  tick();
}

function again(): void {
  if (state.is !== 'received') return;
  const where = byHand ? undefined : place();
  const body = { press_id: newId(), ...(where ? { place: where } : {}) };
  post(`/api/v1/sos/${state.token}/press`, body, attemptMs, (reply) => {
    said = fate(reply.status) === 'stored' ? t('again_done') : t('again_failed');
    draw();
  });
}

// ---- the page ----

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
  parent: Element | undefined,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (name.charAt(0) === '#') element.id = name.slice(1);
  else element.className = name;
  if (parent) parent.appendChild(element);
  return element;
}
function key(name: string, parent: Element, press: () => void): HTMLButtonElement {
  const button = make('button', name, parent);
  button.type = 'button';
  button.addEventListener('click', press);
  return button;
}
function clear(element: Element): void {
  while (element.firstChild) element.removeChild(element.firstChild);
}

const app = document.getElementById('app') ?? document.body;
const top = make('header', '#top', app);
const strip = make('p', '#demo', top);
const head = make('div', '#head', top);
const heading = make('h1', '#title', head);
const tools = make('div', '#tools', head);
const sizeKey = key('#size', tools, () => {
  large = !large;
  keep('sos_size', large ? 'large' : 'normal');
  draw();
});
const themeKey = key('#theme', tools, () => {
  theme = theme === 'day' ? 'night' : 'day';
  keep('sos_theme', theme);
  draw();
});
const language = key('#language', tools, () => {
  lang = lang === 'zh' ? 'en' : 'zh';
  keep('lang', lang);
  draw();
});
const main = make('main', '#main', app);
const home = make('div', '#home', main);

const status = make('div', '#status', home);
status.setAttribute('role', 'status');
const statusTitle = make('p', '#status-title', status);
const statusText = make('p', '#status-text', status);
const link = make('p', '#link', home);
const coming = make('div', '#coming', home);
const plate = make('p', '#plate', coming);
const eta = make('p', '#eta', coming);
const etaHow = make('p', '#eta-how', coming);
const list = make('ol', '#steps', home);
const stepItems = steps.map((name) => {
  const item = make('li', 'step', list);
  const mark = make('span', 'mark', item);
  mark.setAttribute('aria-hidden', 'true');
  const words = make('span', 'words', item);
  return { name, item, mark, words, stands: make('span', 'stands', item) };
});
const ask = make('div', '#with', home);
const askText = make('p', '#with-text', ask);
const askRow = make('div', 'row', ask);
const withYes = key('#with-yes', askRow, () => {
  withYou = true;
  draw();
});
const withNo = key('#with-no', askRow, () => {
  withYou = false;
  elsewhere.checked = true;
  show('place');
});
const fresh = key('#fresh', home, () => show('chat'));
const actions = make('div', '#actions', home);
const chatKey = key('#chat-key', actions, () => show('chat'));
const placeKey = key('#place-key', actions, () => show('place'));
const photoLabel = make('label', '#photo-label', actions);
const photoText = make('span', '#photo-text', photoLabel);
const photoField = make('input', '#photo', photoLabel);
photoField.type = 'file';
photoField.accept = 'image/*';
photoField.setAttribute('capture', 'environment');
const aidKey = key('#aid-key', actions, () => show('aid'));
const photoState = make('p', '#photo-state', home);
photoState.setAttribute('role', 'status');

const keys = make('div', '#keys', home);
const hint = make('p', '#hint', keys);
const buttons = (['self', 'relative', 'stranger'] as const).map((who) => ({
  who,
  button: key(`#press-${who}`, keys, () => press(who)),
}));
const aidIdle = key('#aid-idle', keys, () => show('aid'));
const where = make('p', '#where', home);
const skew = make('p', '#skew', home);
const phoneBox = make('div', '#phone-box', home);
const phoneLabel = make('label', '#phone-label', phoneBox);
phoneLabel.htmlFor = 'phone';
const phoneRow = make('div', 'row', phoneBox);
const phoneField = make('input', '#phone', phoneRow);
phoneField.type = 'tel';
phoneField.maxLength = 32;
phoneField.autocomplete = 'tel';
const phoneSend = key('#phone-send', phoneRow, sendPhone);
const againKey = key('#again', home, again);
const outcome = make('p', '#outcome', home);
outcome.setAttribute('role', 'status');

// Sheets: one thing at a time, over the page, under the key that calls 120.
const pane = make('section', '#sheet', main);
const paneHead = make('div', '#sheet-head', pane);
const backKey = key('#back', paneHead, () => goBack());
const paneTitle = make('h2', '#sheet-title', paneHead);
paneTitle.tabIndex = -1;
const paneAlarm = make('p', '#sheet-alarm', pane);

const placeBox = make('form', '#place-box', pane);
const placeNowLabel = make('p', '#place-now-label', placeBox);
const placeNow = make('p', '#place-now', placeBox);
const relocateKey = key('#relocate', placeBox, relocate);
const placeLabel = make('label', '#place-label', placeBox);
placeLabel.htmlFor = 'place';
const placeField = make('textarea', '#place', placeBox);
placeField.maxLength = 300;
placeField.rows = 3;
const elseLabel = make('label', '#else-label', placeBox);
const elsewhere = make('input', '#elsewhere', elseLabel);
elsewhere.type = 'checkbox';
const elseText = make('span', '#else-text', elseLabel);
const placeSend = make('button', '#place-send', placeBox);
placeSend.type = 'submit';
placeBox.addEventListener('submit', (event) => {
  event.preventDefault();
  const address = placeField.value.trim();
  if (!address) return;
  tell({ kind: 'place', place: { address }, elsewhere: elsewhere.checked });
  placeField.value = '';
  if (withYou === undefined) withYou = !elsewhere.checked;
  show('chat');
});

const chatBox = make('div', '#chat-box', pane);
const chatHint = make('p', '#chat-hint', chatBox);
const talk = make('ul', '#talk', chatBox);
talk.setAttribute('aria-live', 'polite');
// What one writes with stands in the foot, above the key that calls: the newest message is never behind it.
const foot = make('footer', '#foot', app);
const quick = make('div', '#quick', foot);
const quickKeys = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map((n) =>
  key('quick', quick, () => tell({ kind: 'text', text: t(`quick_${n}`) })),
);
const chatForm = make('form', '#chat-form', foot);
const chatField = make('textarea', '#text', chatForm);
chatField.maxLength = maxWords;
chatField.rows = 1;
const chatSend = make('button', '#chat-send', chatForm);
chatSend.type = 'submit';
chatField.addEventListener('keydown', (event) => {
  // Enter of an input method confirms its own choice and sends nothing.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  sendChat();
});
chatForm.addEventListener('submit', (event) => {
  event.preventDefault();
  sendChat();
});

const aidBox = make('div', '#aid-box', pane);
const aidKeys = cards.map((one) => ({ one, button: key('aid', aidBox, () => openCard(one)) }));

const cardBox = make('div', '#card-box', pane);
const beatBox = make('div', '#beat-box', cardBox);
const beatDot = make('div', '#beat-dot', beatBox);
const beatWord = make('span', '#beat-word', beatDot);
const beatCount = make('p', '#beat-count', beatBox);
const beatKey = key('#beat-key', beatBox, () => {
  if (beat.running) beat.stop();
  else {
    beat.start();
    beatFrame();
  }
  draw();
});
const ratioLabel = make('label', '#ratio-label', beatBox);
const ratio = make('input', '#ratio', ratioLabel);
ratio.type = 'checkbox';
const ratioText = make('span', '#ratio-text', ratioLabel);
ratio.addEventListener('change', () => {
  beat.withBreaths = ratio.checked;
  if (beat.running) beat.start();
  draw();
});
const cardWords = make('div', '#card-words', cardBox);

const urgent = make('div', '#urgent', foot);
urgent.setAttribute('role', 'alert');
const urgentTitle = make('p', '#urgent-title', urgent);
const urgentText = make('p', '#urgent-text', urgent);
const urgentTry = make('p', '#urgent-try', foot);
const call = (document.getElementById('call') as HTMLAnchorElement | null) ?? make('a', '#call', foot);
call.href = 'tel:120';
foot.appendChild(call); // it stands in the page itself, for a view that cannot run this
const urgentMore = make('div', '#urgent-more', foot);
const urgentAid = key('#urgent-aid', urgentMore, () => show('aid'));
const urgentChat = key('#urgent-chat', urgentMore, () => show('chat'));

photoField.addEventListener('change', () => {
  const file = photoField.files && photoField.files[0];
  photoField.value = '';
  if (!file) return;
  photoBad = false;
  shrink(file, (jpeg) => {
    if (jpeg) uploads = uploads.concat([{ id: newId(), jpeg, nextMs: 0, tries: 0 }]).slice(-5);
    else photoBad = true;
    sendPhoto();
    draw();
  });
});
window.addEventListener('popstate', () => {
  if (sheet) close();
});

function sendChat(): void {
  const text = chatField.value.trim();
  if (!text) return;
  tell({ kind: 'text', text });
  chatField.value = '';
}

function sendPhone(): void {
  const phone = phoneField.value.trim();
  if (state.is !== 'received' || !phone) return;
  post(`/api/v1/sos/${state.token}/detail`, { id: newId(), phone }, attemptMs, (reply) => {
    said = fate(reply.status) === 'stored' ? t('sent') : t('again_failed');
    draw();
  });
}

function find(id: string): Card | undefined {
  return cards.filter((one) => one.id === id)[0];
}

function openCard(one: Card): void {
  card = one;
  show('card');
}

let returnTo: Element | null = null;
function show(name: Sheet): void {
  if (name === sheet && name !== 'card') return;
  if (name && !sheet) {
    returnTo = document.activeElement;
    try {
      history.pushState({ sheet: 1 }, '', location.href); // the phone's own back key closes the sheet, not the page
    } catch {
      // without it the page's own key closes it
    }
  }
  if (sheet === 'card' && name !== 'card') beat.stop();
  sheet = name;
  draw();
  if (!name) {
    if (history.state && (history.state as { sheet?: number }).sheet) history.back();
    if (returnTo instanceof HTMLElement) returnTo.focus();
    return;
  }
  main.scrollTop = 0;
  paneTitle.focus();
  notice();
}

function goBack(): void {
  if (sheet === 'card') show('aid');
  else show('');
}

function close(): void {
  beat.stop();
  sheet = '';
  draw();
  if (returnTo instanceof HTMLElement) returnTo.focus();
}

/** Sets a text only when it changes, so that screen readers are not told the same thing four times a second. */
function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
function hide(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

function draw(): void {
  const view = screen(state, steady());
  const root = document.documentElement;
  root.lang = lang === 'zh' ? 'zh-CN' : 'en';
  root.setAttribute('data-theme', theme);
  root.setAttribute('data-size', large ? 'large' : 'normal');
  document.body.className = sheet ? `${view.is} open` : view.is;
  put(strip, t('demo'));
  hide(strip, !demo);
  put(heading, t('title'));
  put(sizeKey, t(large ? 'size_normal' : 'size_large'));
  put(themeKey, t(theme === 'day' ? 'theme_night' : 'theme_day'));
  put(language, t('language'));
  put(call, t('call'));
  drawHome(view);
  drawUrgent(view);
  drawSheet(view);
}

function drawHome(view: Screen): void {
  hide(home, sheet !== '');
  hide(keys, view.is !== 'idle' && view.is !== 'ended');
  put(hint, t('hint'));
  for (const { who, button } of buttons) put(button, t(who));
  put(aidIdle, t('aid'));
  const received = view.is === 'received';
  hide(actions, !received);
  hide(list, !received);
  hide(againKey, !received);
  hide(phoneBox, !received);
  put(phoneLabel, t('phone'));
  put(phoneSend, t('send'));
  put(againKey, t('again'));
  put(chatKey, t('chat'));
  put(placeKey, t('place_wrong'));
  put(photoText, t('photo'));
  put(aidKey, t('aid'));
  put(outcome, said);
  hide(outcome, !said);
  const off = skewS();
  hide(skew, Math.abs(off) <= skewShownS);
  put(skew, Math.abs(off) > skewShownS ? t('clock_off', { s: off.toFixed(1) }) : '');
  drawStatus(view);
  drawComing(view);
  drawWhere(view);
  const unread = received ? news(view.view) : undefined;
  hide(fresh, !unread);
  put(
    fresh,
    unread
      ? `${t('chat_new', { n: unread.n })}${lang === 'zh' ? '：' : ': '}${unread.last.text || (unread.last.card ? t('aid_sent') : '')}`
      : '',
  );
  const asking = received && state.is === 'received' && state.press.who === 'relative' && withYou === undefined;
  hide(ask, !asking || !!view.view?.corrected);
  put(askText, t('with_you'));
  put(withYes, t('with_yes'));
  put(withNo, t('with_no'));
  const up = uploads[0];
  const words = photoBad ? t('photo_bad') : up ? t(up.tries > 0 ? 'photo_failed' : 'photo_sending') : '';
  put(photoState, words);
  hide(photoState, !words);
}

function drawStatus(view: Screen): void {
  let title = '';
  let text = '';
  if (view.is === 'sending' || view.is === 'urgent') {
    title = t('sending');
    if (view.attempts > 1) text = t('sending_n', { n: view.attempts });
  } else if (view.is === 'ended') {
    title = t('ended');
    text = t('ended_say');
  } else if (view.is === 'received') {
    const at = view.view?.mission_state ?? '';
    title = t(view.claim === 'coming' ? 'coming' : view.claim === 'arrived' ? 'arrived' : 'received');
    if (view.claim === 'waiting' || view.claim === 'acknowledged') text = t(view.claim);
    else if (view.claim === 'coming') text = t(at === 'departed' ? 'state_departed' : 'eta_preparing');
    else if (at === 'at_scene' || at === 'contact' || at === 'left_scene' || at === 'at_hospital')
      text = t(`state_${at}`);
  }
  hide(status, view.is === 'idle');
  put(statusTitle, title);
  put(statusText, text);
  const stale = view.is === 'received' && view.staleSinceMs !== undefined;
  status.classList[stale ? 'add' : 'remove']('stale');
  hide(link, view.is !== 'received');
  link.className = stale ? 'lost' : '';
  put(
    link,
    stale && view.is === 'received'
      ? t('stale', { at: minute((view.staleSinceMs ?? 0) - (offsetMs() ?? 0)) })
      : t('link_ok') + (view.is === 'received' && view.view?.simulated ? ` · ${t('simulated')}` : ''),
  );
}

function drawComing(view: Screen): void {
  const on = view.is === 'received' && (view.claim === 'coming' || view.claim === 'arrived') ? view : undefined;
  hide(coming, !on);
  if (view.is === 'received') {
    const done = stepsDone(view.claim);
    stepItems.forEach(({ name, item, mark, words, stands }, i) => {
      const is = i < done ? 'done' : i === done ? 'now' : 'later';
      item.className = `step ${is}`;
      put(mark, is === 'done' ? '✓' : `${i + 1}`);
      put(words, t(`step_${name}`));
      // Nothing here may sound as if help were coming before a crew has accepted (ALM-003).
      put(stands, t(is !== 'now' ? is : name === 'desk' ? 'now' : name === 'accepted' ? 'wait' : 'later'));
    });
  }
  if (!on) return;
  put(plate, t('plate', { plate: on.view?.unit_plate ?? '' }));
  const stale = on.staleSinceMs !== undefined;
  const when = band(on.view, serverNow());
  const going = on.claim === 'coming' && on.view?.mission_state === 'departed';
  hide(eta, !going);
  put(eta, when ? (when.to === 0 ? t('eta_soon') : t('eta', { from: when.from, to: when.to })) : t('eta_none'));
  const how: string[] = [];
  if (when && !stale && on.view?.eta_method === 'straight_line') how.push(t('how_straight_line'));
  if (when && !stale && on.view?.eta_method === 'roads') how.push(t('how_roads'));
  const at = on.view?.unit_pos_at;
  if (at) how.push(t('unit_pos', { age: span((serverNow() - Date.parse(at)) / 1000) }));
  hide(etaHow, !going || how.length === 0);
  put(etaHow, how.join(lang === 'zh' ? '；' : '; '));
}

function ageOf(ms: number): string {
  return t('place_age', { age: span((steady() - ms) / 1000) });
}

function drawWhere(view: Screen): void {
  const words: string[] = [];
  const mine = view.is === 'received' ? view.view?.place : undefined;
  if (view.is === 'received' && view.view?.corrected && mine?.address) {
    words.push(t('place_words', { text: mine.address }));
    if (!mine.pos) words.push(t('place_by_hand'));
  }
  if (!(view.is === 'received' && byHand)) {
    if (fix) {
      words.push(t(fix.accuracyM > poorM ? 'place_poor' : 'place_ok', { m: Math.round(fix.accuracyM) }));
      if (steady() - fix.atMs > 30_000) words.push(ageOf(fix.atMs));
      if (view.is === 'received') words.push(t(fixSent ? 'place_sent' : 'place_not_sent'));
    } else words.push(t(fixFailed ? 'place_none' : 'place_wait'));
  }
  put(where, labelled('place', words.join(' · ')));
}

function drawUrgent(view: Screen): void {
  const on = view.is === 'urgent';
  hide(urgent, !on);
  const unheard = state.is === 'sending' && heard === state.press.pressId;
  put(urgentTitle, on ? t('urgent') : '');
  put(urgentText, on ? t(unheard ? 'unrecorded' : 'urgent_say') : '');
  hide(urgentTry, !on || sheet !== '');
  put(urgentTry, view.is === 'urgent' ? t('sending_n', { n: view.attempts }) : '');
  hide(urgentMore, !on || sheet !== '');
  put(urgentAid, t('aid'));
  put(urgentChat, t('chat'));
}

function drawSheet(view: Screen): void {
  hide(pane, sheet === '');
  hide(quick, sheet !== 'chat');
  hide(chatForm, sheet !== 'chat');
  if (!sheet) return;
  put(backKey, `‹ ${t('back')}`);
  const cardNow = card && cardText(card, lang);
  put(
    paneTitle,
    sheet === 'card'
      ? (cardNow?.title ?? '')
      : t(sheet === 'place' ? 'place_title' : sheet === 'chat' ? 'chat_title' : 'aid_title'),
  );
  hide(paneAlarm, view.is !== 'urgent');
  put(paneAlarm, view.is === 'urgent' ? t('urgent') : '');
  hide(placeBox, sheet !== 'place');
  hide(chatBox, sheet !== 'chat');
  hide(aidBox, sheet !== 'aid');
  hide(cardBox, sheet !== 'card');
  if (sheet === 'place') drawPlace(view);
  if (sheet === 'chat') drawChat(view);
  if (sheet === 'aid') for (const { one, button } of aidKeys) put(button, cardText(one, lang).title);
  if (sheet === 'card') drawCard();
}

function drawPlace(view: Screen): void {
  put(placeNowLabel, t('place_now'));
  const p = view.is === 'received' ? (view.view?.place ?? place()) : place();
  const words: string[] = [];
  if (p?.address) words.push(p.address);
  if (p?.pos && p.accuracy_m) words.push(t('place_ok', { m: Math.round(p.accuracy_m) }));
  const source = p?.source;
  if (source === 'gps' || source === 'manual' || source === 'address' || source === 'cell' || source === 'last_fix')
    words.push(t(`source_${source}`));
  if (p?.pos && p.at) words.push(t('place_age', { age: span((serverNow() - Date.parse(p.at)) / 1000) }));
  put(placeNow, words.length ? words.join(' · ') : t('place_nothing'));
  put(relocateKey, t(relocating ? 'place_locating' : 'place_again'));
  hide(relocateKey, !navigator.geolocation);
  relocateKey.disabled = relocating;
  put(placeLabel, t('place_field'));
  put(elseText, t('place_elsewhere'));
  put(placeSend, t('place_send'));
}

function drawChat(view: Screen): void {
  put(chatHint, t('chat_hint'));
  quickKeys.forEach((button, i) => put(button, t(`quick_${(i + 1) as 1}`)));
  chatField.setAttribute('aria-label', t('chat_field'));
  chatField.placeholder = t('chat_field');
  put(chatSend, t('send'));
  const all = lines(view.is === 'received' ? view.view : undefined, owed);
  const key0 = `${lang}${all.map((l) => `${l.id}${l.state}`).join()}`;
  if (talk.getAttribute('data-shown') === key0) return;
  talk.setAttribute('data-shown', key0);
  clear(talk);
  if (!all.length) put(make('li', 'none', talk), t('chat_empty'));
  for (const line of all) {
    const item = make('li', line.by, talk);
    put(make('span', 'who', item), `${t(line.by === 'centre' ? 'by_centre' : 'by_caller')} ${minute(line.atMs)}`);
    const words =
      line.text ||
      (line.place ? labelled('place', line.place.address ?? t('source_gps')) : line.photo ? t('photo_mine') : '');
    if (words) put(make('span', 'said', item), words);
    if (line.photo && state.is === 'received') {
      const image = make('img', 'shot', item);
      image.alt = t('photo_mine');
      image.src = `/api/v1/sos/${state.token}/photos/${line.photo}`;
    }
    const wanted = line.card ? find(line.card) : undefined;
    if (wanted)
      put(
        key('open-card', item, () => openCard(wanted)),
        t('aid_open', { title: cardText(wanted, lang).title }),
      );
    if (line.by === 'caller') {
      const how = line.state === 'sending' ? 'sending_message' : line.state === 'retrying' ? 'retrying' : line.state;
      put(make('span', `how ${line.state}`, item), t(how));
    }
  }
  main.scrollTop = main.scrollHeight;
}

function drawCard(): void {
  if (!card) return;
  const words = cardText(card, lang);
  hide(beatBox, !card.beat);
  put(beatKey, t(beat.running ? 'beat_stop' : 'beat_start'));
  put(ratioText, t('beat_ratio'));
  if (!beat.running) {
    put(beatWord, t('beat_press'));
    put(beatCount, t('beat_rate'));
    beatDot.className = '';
  }
  const key0 = `${lang}${card.id}`;
  if (cardWords.getAttribute('data-shown') === key0) return;
  cardWords.setAttribute('data-shown', key0);
  clear(cardWords);
  if (words.sign) put(make('p', 'sign', cardWords), words.sign);
  const ol = make('ol', 'do', cardWords);
  for (const step of words.steps) put(make('li', '', ol), step);
  if (words.never) put(make('p', 'never', cardWords), words.never);
  put(make('p', 'source', cardWords), t('aid_source', { source: card.source }));
}

let buzzed = 0;
function beatFrame(): void {
  if (!beat.running) return;
  const now = beatAt(beat.seconds(), beat.withBreaths);
  const down = now.is === 'press' && now.on;
  const name = now.is === 'breathe' ? 'breathe' : down ? 'down' : 'up';
  if (beatDot.className !== name) beatDot.className = name;
  put(beatWord, t(now.is === 'breathe' ? 'beat_breathe' : 'beat_press'));
  const s = beat.elapsedS();
  put(
    beatCount,
    `${t('beat_count', { n: now.n })} · ${t('beat_clock', { t: `${two(Math.floor(s / 60))}:${two(Math.floor(s) % 60)}` })}${
      beat.audible() || s < 1 ? '' : ` · ${t('beat_silent')}`
    }`,
  );
  if (down && buzzed !== now.n && navigator.vibrate) {
    buzzed = now.n;
    try {
      navigator.vibrate(60);
    } catch {
      // a phone that does not shake still shows
    }
  }
  if (window.requestAnimationFrame) window.requestAnimationFrame(beatFrame);
  else window.setTimeout(beatFrame, 40);
}

resume();
draw();
locate();
askAbout();
tick();
window.setInterval(tick, tickMs);
