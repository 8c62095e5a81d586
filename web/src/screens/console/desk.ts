// What the parts of the console share: the feed, who sits here, what is selected, the sheets, and how an act is sent.
import { computed, inject, provide, reactive, ref, shallowRef, watch, type InjectionKey } from 'vue';
import { act, fresh, getSurely, type Answer, type Caller } from '../../live/api';
import { deskSound, needPhone, orderTrouble, queue, soundsHere, type OrderTrouble } from '../../live/alarms';
import { openFeed } from '../../live/feed';
import { newId } from '../../live/id';
import { pauseLeft, startPause, type Pause } from '../../live/pause';
import { WaveBoard } from '../../clinical/waves';
import { answerWords } from '../../text/answer';
import { keep, kept } from '../../ui/keep';
import { lang, t } from '../../ui/lang';
import { Sounder } from '../../ui/sound';
import {
  about as isAbout,
  centreChecks,
  recommendation as isRecommendation,
  type Alarm,
  type Incident,
  type Pos,
  type Recommendation,
} from '../../wire/entity';
import { best, missionsOf, posText } from './model';
import type { PlaceHit } from './places';
import { undoLeft } from './queues';
import { Share, viewOf, type Word } from './share';
import * as tabs from './sheets';

/** Said again so often while something is open; the centre believes it for 60 s (docs/limits.md). */
const attentionEveryMs = 20_000;
const askAgainMs = 5_000;

/** What this window alone remembers, until it is closed. */
function remembered(name: string): string {
  try {
    return sessionStorage.getItem(`lifeline.${name}`) ?? '';
  } catch {
    return '';
  }
}
function rememberHere(name: string, value: string): void {
  try {
    sessionStorage.setItem(`lifeline.${name}`, value);
  } catch {
    // A browser that keeps nothing begins anew at a reload.
  }
}

export interface Undo {
  order: string;
  mission: string;
  plate: string;
  number: number;
  sentMs: number;
}

export function openDesk() {
  const who = reactive<Caller>({ by: kept('by') ?? '', desk: kept('desk') ?? '' });
  const feed = openFeed(centreChecks, ['console'], () => ({ by: who.by, desk: who.desk }));
  const state = feed.state;
  const board = new WaveBoard();
  feed.onWave((frame) => board.take(frame));
  const view = viewOf(location.search);
  const nomap = new URLSearchParams(location.search).get('nomap') === '1';

  const me = computed(() => state.desks.get(who.desk));
  /** Logged on: the centre says that this desk is ours. */
  const on = computed(() => who.by !== '' && me.value?.by === who.by);

  // A reload in mid-mission goes on where it was: each window remembers what it looked at.
  const selected = ref(remembered('selected'));
  const unit = ref(remembered('unit'));
  if (unit.value) feed.follow(['console', `waves:${unit.value}`]);
  watch(selected, (id) => rememberHere('selected', id));
  watch(unit, (id) => rememberHere('unit', id));
  const chosen = ref('');
  const message = ref('');
  /** The last act was refused or had no answer: said until the next one, or until Esc. */
  const bad = ref(false);
  /** The server's own words behind the message. */
  const detail = ref('');
  /** Telephone of whoever is on duty above the desks, when the centre says it. */
  const dutyPhone = ref('');
  const sending = ref(false);
  const undo = shallowRef<Undo>();
  /** Ids of recommendations by incident, newest asked here. */
  const asked = reactive(new Map<string, Recommendation>());

  // Sheets: one tab a call.
  const sheets = ref<tabs.Sheet[]>(tabs.readSheets(remembered('sheets') || undefined));
  const spare = (): tabs.Sheet => tabs.newSheet(newId());
  if (sheets.value.length === 0) sheets.value = [spare()];
  const currentKey = ref(sheets.value[0]?.key ?? '');
  const sheet = computed<tabs.Sheet>(
    () => sheets.value.find((s) => s.key === currentKey.value) ?? sheets.value[0] ?? spare(),
  );
  watch(
    sheets,
    (all) => {
      rememberHere('sheets', JSON.stringify(all.filter((s) => tabs.dirty(s) || s.alarm || s.incident)));
    },
    { deep: true },
  );
  function openSheet(next: tabs.Sheet): void {
    const now = tabs.open(sheets.value, currentKey.value, next);
    sheets.value = now.sheets;
    currentKey.value = now.current;
  }
  function closeSheet(key: string): void {
    const now = tabs.close(sheets.value, key, spare());
    sheets.value = now.sheets;
    currentKey.value = now.current;
  }

  const incident = computed(() => state.incidents.get(selected.value));
  const recommendation = computed<Recommendation | undefined>(() => {
    const mine = asked.get(selected.value);
    let newest = mine;
    for (const rec of state.recommendations.values()) {
      if (rec.incident === selected.value && (!newest || Date.parse(rec.at) > Date.parse(newest.at))) newest = rec;
    }
    return newest;
  });
  const alarms = computed(() => queue(state.alarms.values()));
  const trouble = computed<OrderTrouble[]>(() => {
    const out: OrderTrouble[] = [];
    for (const order of state.orders.values()) {
      const found = orderTrouble(order, state.missions.get(order.mission), feed.now.value);
      if (found) out.push(found);
    }
    return out;
  });

  const phoned = computed(() => needPhone(state.alarms.values()));
  /** On a call, and yet this desk must sound: there is no other to do it. */
  const roomAlone = computed(
    () =>
      me.value?.on_call === true &&
      soundsHere({ sounding: true, state: 'stored', reach: 'desks' }, me.value, state.desks.values()),
  );
  // Asked until it is answered: at night there is nobody else to ask for the number (ALM-005).
  void getSurely('/api/v1/about', isAbout, askAgainMs).then((about) => (dutyPhone.value = about.duty_phone ?? ''));

  // Sound: decided on each message, and once a beat for the end of a pause.
  const sounder = new Sounder('console');
  const sound = reactive({ on: sounder.running(), leads: sounder.leads(), playing: '' });
  const pause = shallowRef<Pause>();
  const pausedS = computed(() => pauseLeft(pause.value, state.alarms.values(), feed.now.value));
  const hear = (): void => {
    const wanted = deskSound(state.alarms.values(), me.value, state.desks.values());
    const quiet = pauseLeft(pause.value, state.alarms.values(), feed.clock.now()) > 0;
    if (!quiet) pause.value = undefined; // over or broken: it does not come back by itself
    sounder.want(quiet ? undefined : wanted);
    sound.on = sounder.running();
    sound.leads = sounder.leads();
    sound.playing = sounder.playing ?? '';
  };
  sounder.onState = hear;
  feed.onChange(hear);
  watch(feed.now, () => {
    if (pause.value) hear();
    if (undo.value && undoLeft(undo.value.sentMs, feed.now.value) === 0) undo.value = undefined;
  });
  function setPause(next: Pause | undefined): void {
    pause.value = next;
    hear();
    share.say({ t: 'pause', desk: who.desk, pause: next ?? null });
  }
  function togglePause(): void {
    setPause(pausedS.value > 0 ? undefined : startPause(state.alarms.values(), feed.clock.now()));
  }

  // The desk's other windows.
  const picking = ref(false);
  /** The place that was last taken from the address search: the map turns to it. */
  const found = shallowRef<PlaceHit>();
  const share = new Share(
    () => who.desk,
    (word: Word) => {
      switch (word.t) {
        case 'select':
          if (selected.value !== word.incident) choose(word.incident);
          break;
        case 'unit':
          watchUnit(word.unit);
          break;
        case 'picking':
          picking.value = word.on;
          break;
        case 'pick':
          take(word.pos);
          break;
        case 'pause':
          pause.value = word.pause ?? undefined;
          hear();
          break;
        case 'message':
          break;
      }
    },
  );
  /** In which sheet the next place picked on the map goes; empty: in none of this window. */
  const pickFor = ref('');
  function pickPlace(): void {
    pickFor.value = picking.value && pickFor.value === currentKey.value ? '' : currentKey.value;
    picking.value = pickFor.value !== '';
    share.say({ t: 'picking', desk: who.desk, on: picking.value });
  }
  function take(pos: Pos): void {
    const aim = sheets.value.find((s) => s.key === pickFor.value);
    picking.value = false;
    pickFor.value = '';
    if (aim) aim.position = posText(pos);
  }
  /** A place was picked on this window's map. */
  function picked(pos: Pos): void {
    if (!picking.value) return;
    take(pos);
    share.say({ t: 'pick', desk: who.desk, pos });
  }

  /** Sends one act and says what became of it. Nothing is shown as done before the server's word. */
  async function send(path: string, body: object, done = ''): Promise<Answer> {
    sending.value = true;
    message.value = t('act.pending');
    detail.value = '';
    bad.value = false;
    const answer = await act(path, body, who);
    sending.value = false;
    ({ text: message.value, detail: detail.value } = answerWords(lang.value, answer));
    bad.value = answer.is !== 'done' || answer.unrecorded;
    if (message.value === '') message.value = done;
    return answer;
  }
  function say(words: string, wrong = false): void {
    message.value = words;
    detail.value = '';
    bad.value = wrong;
  }

  function acknowledge(alarm: Alarm): Promise<Answer> {
    return send(`/api/v1/alarms/${alarm.id}/ack`, {});
  }
  /** The incident for which this desk asked: its answer may come by the feed first, or by the feed alone. */
  let askedFor = '';
  async function recommend(id: string): Promise<void> {
    askedFor = id;
    if (selected.value === id) chosen.value = '';
    const answer = await send(`/api/v1/incidents/${id}/recommend`, {});
    if (answer.is === 'done' && isRecommendation(answer.value)) asked.set(id, answer.value);
  }
  watch(recommendation, (rec) => {
    if (!rec || chosen.value || (incident.value?.state !== 'open' && askedFor !== rec.incident)) return;
    askedFor = '';
    chosen.value = best(rec);
  });
  /** Selects an incident. Only one that still waits gets its first recommendation chosen: F8 must not send a second unit by habit. */
  function choose(id: string): void {
    selected.value = id;
    chosen.value = incident.value?.state === 'open' ? best(recommendation.value) : '';
    const first = missionsOf(state, id).find((m) => !m.ended);
    if (first) watchUnit(first.unit);
  }
  function select(id: string): void {
    choose(id);
    share.say({ t: 'select', desk: who.desk, incident: id });
  }
  function watchUnit(id: string): void {
    if (unit.value === id) return;
    unit.value = id;
    feed.follow(id ? ['console', `waves:${id}`] : ['console']);
  }
  function follow(id: string): void {
    watchUnit(id);
    share.say({ t: 'unit', desk: who.desk, unit: id });
  }

  /** Sends the unit to the incident; whoever is on the last-resort list goes by name (DSP-001). */
  async function dispatch(to: Incident, unitId: string): Promise<boolean> {
    if (!unitId || !on.value || sending.value) return false;
    const rec = to.id === selected.value ? recommendation.value : newestOf(to.id);
    const last = rec?.last_resort?.some((r) => r.unit === unitId) === true;
    const answer = await send(`/api/v1/incidents/${to.id}/dispatch`, {
      unit: unitId,
      ...(rec ? { recommendation: rec.id } : {}),
      ...(last ? { last_resort: true } : {}),
    });
    if (answer.is !== 'done') return false;
    const made = answer.value as { mission?: { id?: unknown }; order?: { id?: unknown } } | undefined;
    if (typeof made?.order?.id === 'string' && typeof made.mission?.id === 'string') {
      undo.value = {
        order: made.order.id,
        mission: made.mission.id,
        plate: state.units.get(unitId)?.plate ?? unitId,
        number: to.number,
        sentMs: feed.clock.now(),
      };
    }
    chosen.value = '';
    follow(unitId);
    return true;
  }
  function newestOf(id: string): Recommendation | undefined {
    let newest = asked.get(id);
    for (const rec of state.recommendations.values())
      if (rec.incident === id && (!newest || Date.parse(rec.at) > Date.parse(newest.at))) newest = rec;
    return newest;
  }
  async function takeBack(): Promise<void> {
    const last = undo.value;
    if (!last) return;
    undo.value = undefined;
    await send(
      `/api/v1/orders/${last.order}/withdraw`,
      { reason: t('undo.reason') },
      t('undo.done', { plate: last.plate }),
    );
  }

  async function logOn(by: string, desk: string, role: string): Promise<void> {
    who.by = by;
    who.desk = desk;
    keep('by', by);
    keep('desk', desk);
    keep('role', role);
    const answer = await send(`/api/v1/desks/${desk}/log-on`, { ...fresh(), role });
    if (answer.is === 'done') feed.renew(); // the feed's hello says who sits here, too
  }

  // What this desk has open, for the others. The window in which it was last changed says it again.
  const open = computed(() => {
    const s = sheet.value;
    return {
      ...(s.alarm ? { alarm: s.alarm } : {}),
      ...(s.incident || selected.value ? { incident: s.incident || selected.value } : {}),
      ...(tabs.dirty(s) || s.alarm ? { writing: true } : {}),
    };
  });
  let saidAt = 0;
  let said = '';
  let timer = 0;
  function attend(): void {
    if (!on.value) return;
    said = JSON.stringify(open.value);
    saidAt = feed.clock.now();
    void act(`/api/v1/desks/${who.desk}/attention`, { ...fresh(), ...open.value }, who);
  }
  watch([open, on], () => {
    if (JSON.stringify(open.value) === said && on.value) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(attend, 400);
  });
  window.setInterval(() => {
    if (said !== '' && said !== '{}' && feed.clock.now() - saidAt >= attentionEveryMs) attend();
  }, 1_000);

  return {
    feed,
    state,
    board,
    view,
    nomap,
    who,
    me,
    on,
    selected,
    unit,
    chosen,
    message,
    bad,
    detail,
    dutyPhone,
    phoned,
    roomAlone,
    sending,
    undo,
    sheets,
    sheet,
    currentKey,
    openSheet,
    closeSheet,
    picking,
    found,
    pickPlace,
    picked,
    incident,
    recommendation,
    alarms,
    trouble,
    sounder,
    sound,
    pausedS,
    togglePause,
    hear,
    send,
    say,
    acknowledge,
    recommend,
    select,
    follow,
    dispatch,
    takeBack,
    logOn,
    since: shallowRef(feed.clock.now()),
  };
}

export type DeskState = ReturnType<typeof openDesk>;
const key: InjectionKey<DeskState> = Symbol('desk');

export function giveDesk(desk: DeskState): void {
  provide(key, desk);
}

export function useDesk(): DeskState {
  const desk = inject(key);
  if (!desk) throw new Error('use the desk: no desk was given above this part');
  return desk;
}
