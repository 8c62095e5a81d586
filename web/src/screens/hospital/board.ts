// What all parts of a hospital's screen share: the feed, who is on duty, alarms and their sound, what is shown and how.
import { computed, inject, provide, reactive, ref, shallowRef, watch, type InjectionKey } from 'vue';
import { VitalAlarms, type VitalAlarm } from '../../clinical/limits';
import { keptView, next, speeds, gains } from '../../clinical/view';
import { layouts } from '../../clinical/layout';
import { vitals, type Vital, type VitalName } from '../../clinical/vitals';
import { WaveBoard } from '../../clinical/waves';
import { act, fresh, get } from '../../live/api';
import { openFeed } from '../../live/feed';
import { answerWords } from '../../text/answer';
import { band, span } from '../../text/time';
import { forget, keep, kept } from '../../ui/keep';
import { lang, t, tc } from '../../ui/lang';
import { Sounder } from '../../ui/sound';
import { centreChecks, trend, type Hospital, type Patient, type Trend, type TrendSeries } from '../../wire/entity';
import {
  asked,
  boardSound,
  chosen,
  inbound,
  onDuty,
  pauseMs,
  paused,
  readingsOf,
  slotsOf,
  steady,
  tileCounts,
  tilesFor,
  withdrawals,
  type Duty,
  type Inbound,
  type Pause,
  type Sort,
  type TileCount,
  type Why,
} from './model';

/** Trends are read anew so often, and span so long. */
const trendEveryMs = 30_000;
export const trendMin = 30;

function count(raw: string | null | undefined): TileCount | 'auto' | undefined {
  return raw === 'auto' ? 'auto' : tileCounts.find((n) => String(n) === raw);
}

export function createBoard(id: string, given: () => Hospital | undefined) {
  const asks = new URLSearchParams(location.search);
  const duty = shallowRef<Duty>();
  const feed = openFeed(centreChecks, [`hospital:${id}`], () => ({ by: duty.value?.by ?? '', desk: '' }));
  const { state, now } = feed;
  const waves = new WaveBoard();
  feed.onWave((frame) => waves.take(frame));
  const hospital = computed(() => state.hospitals.get(id) ?? given());

  // Who is on duty: named once a shift, shown, and asked again when the shift is over.
  duty.value = onDuty(kept(`duty.${id}`), feed.clock.now());
  watch(now, (ms) => {
    if (duty.value && !onDuty(JSON.stringify(duty.value), ms)) duty.value = undefined;
  });
  function takeDuty(by: string): void {
    const name = by.trim();
    if (!name) return;
    duty.value = { by: name, at: feed.clock.now() };
    keep(`duty.${id}`, JSON.stringify(duty.value));
  }
  function endDuty(): void {
    duty.value = undefined;
    forget(`duty.${id}`);
  }

  // Alarms of vital signs: on the message, not on a timer; the timer only lets a value stand long enough.
  const watchman = new VitalAlarms();
  const alarms = shallowRef<VitalAlarm[]>([]);
  function judge(): void {
    watchman.take(state.readings.values(), limits(), feed.demo.value, feed.clock.now());
    const list = watchman.list();
    if (JSON.stringify(list) !== JSON.stringify(alarms.value)) alarms.value = list;
  }
  const limits = (): typeof state.limits => state.limits;

  // Sound.
  const sounder = new Sounder('hospital');
  const sound = reactive({ on: sounder.running() });
  const pause = shallowRef<Pause>();
  const wanted = shallowRef<ReturnType<typeof boardSound>>();
  function keys(): string[] {
    return alarms.value.filter((a) => a.state === 'active' && a.level === 'high').map((a) => `${a.key}/${a.sinceMs}`);
  }
  function hear(): void {
    wanted.value = boardSound(state.notices.values(), alarms.value);
    const quiet = paused(pause.value, wanted.value, keys(), feed.clock.now());
    if (!quiet && pause.value) pause.value = undefined;
    sounder.want(quiet ? undefined : wanted.value);
    sound.on = sounder.running();
  }
  sounder.onState = hear;
  feed.onChange(() => {
    judge();
    hear();
  });
  watch(now, () => {
    judge();
    hear();
  });
  function pauseSound(): void {
    pause.value = { untilMs: feed.clock.now() + pauseMs, sound: wanted.value, known: new Set(keys()) };
    hear();
  }
  const pauseLeft = computed(() => (pause.value ? span((pause.value.untilMs - now.value) / 1000) : ''));
  function ackTop(): void {
    const top = alarms.value.find((a) => a.state !== 'acknowledged');
    if (top && duty.value) ack(top);
    else pauseSound();
  }
  function ack(alarm: VitalAlarm): void {
    if (!duty.value) return; // by a named person, or not at all
    watchman.ack(alarm.key, duty.value.by);
    judge();
    hear();
  }

  // Who is shown.
  const sort = ref<Sort>(kept('hospital_sort') === 'severity' ? 'severity' : 'eta');
  watch(sort, (value) => keep('hospital_sort', value));
  const held = shallowRef<string[]>();
  const sorted = computed(() => inbound(state, now.value, alarms.value, sort.value));
  const list = computed(() => steady(sorted.value, held.value));
  function hold(on: boolean): void {
    held.value = on ? list.value.list.map((i) => i.notice.id) : undefined;
  }
  const pinned = ref('');
  const tiles = ref<TileCount | 'auto'>(count(asks.get('tiles')) ?? count(kept('hospital_tiles')) ?? 'auto');
  watch(tiles, (value) => keep('hospital_tiles', String(value)));
  const coming = computed(() => list.value.list.filter((i) => !i.arrived || i.patients.length > 0));
  const tileCount = computed(() => tilesFor(tiles.value, coming.value.length));
  const shown = computed(() => chosen(list.value.list, pinned.value, tileCount.value));
  function pick(item: Inbound): void {
    pinned.value = item.notice.id;
    // Opening it is seeing it, once a name stands for it.
    if (duty.value && (item.notice.state === 'sent' || item.notice.state === 'delivered')) void send(item, 'seen', {});
  }
  function step(by: number): void {
    const all = list.value.list;
    const at = all.findIndex((i) => i.notice.id === (shown.value[0]?.notice.id ?? ''));
    const other = all[(at + by + all.length) % all.length];
    if (other) pick(other);
  }

  // What is said to the server.
  const message = ref('');
  const detail = ref('');
  async function send(item: Inbound, what: 'seen' | 'accept' | 'reject', body: object): Promise<void> {
    message.value = t('act.pending');
    detail.value = '';
    const path = `/api/v1/notices/${item.notice.id}/${what}?hospital=${encodeURIComponent(id)}`;
    const answer = await act(path, body, { by: duty.value?.by ?? '', desk: '' });
    ({ text: message.value, detail: detail.value } = answerWords(lang.value, answer));
  }
  async function sayOwn(what: string, body: object): Promise<void> {
    if (!duty.value) return; // by a named person, or not at all
    message.value = t('act.pending');
    detail.value = '';
    const at = encodeURIComponent(id);
    const answer = await act(`/api/v1/hospitals/${at}/${what}?hospital=${at}`, body, { by: duty.value.by, desk: '' });
    ({ text: message.value, detail: detail.value } = answerWords(lang.value, answer));
  }
  /** How a part of this hospital is now: the same word said twice is two words, for the second renews its age. */
  function sayState(word: object): Promise<void> {
    return sayOwn('board', { ...fresh(), ...word });
  }
  function confirmState(): Promise<void> {
    return sayOwn('board/confirm', fresh());
  }
  function accept(item: Inbound, by?: string): void {
    if (by) takeDuty(by);
    if (duty.value) void send(item, 'accept', {});
  }
  function acceptTop(): void {
    const waiting = shown.value.find((i) => !i.answered) ?? list.value.list.find((i) => !i.answered);
    if (waiting) accept(waiting);
  }

  // Trends of those on screen.
  const trends = shallowRef(new Map<string, Trend>());
  async function readTrends(): Promise<void> {
    const ids = shown.value.flatMap((i) => i.patients.map((p) => p.id));
    for (const patient of ids) {
      const path = `/api/v1/patients/${encodeURIComponent(patient)}/trend`;
      const answer = await get(`${path}?hospital=${encodeURIComponent(id)}&minutes=${trendMin}&points=90`);
      // What cannot be read now stays away: an old line would pass for a new one.
      const value = answer.is === 'done' && trend(answer.value) ? answer.value : undefined;
      const all = new Map([...trends.value].filter(([p]) => ids.includes(p)));
      if (value) all.set(patient, value);
      else all.delete(patient);
      trends.value = all;
    }
  }
  const shownIds = computed(() =>
    shown.value
      .flatMap((i) => i.patients.map((p) => p.id))
      .sort()
      .join(),
  );
  watch(shownIds, () => void readTrends());
  window.setInterval(() => void readTrends(), trendEveryMs);
  function trendOf(patients: Patient[], vital: Vital): TrendSeries | undefined {
    const channel = vital.name === 'nibp' ? 'nibp_sys' : vital.name;
    for (const patient of patients) {
      const found = trends.value
        .get(patient.id)
        ?.series.find((s) => s.channel === channel && (!vital.device || s.device === vital.device));
      if (found) return found;
    }
    return undefined;
  }

  // How waves are shown.
  const view = keptView('hospital_waves');
  const frozen = ref(false);

  const board = {
    id,
    feed,
    state,
    now,
    waves,
    hospital,
    duty,
    takeDuty,
    endDuty,
    alarms,
    ack,
    ackTop,
    sounder,
    sound,
    wanted,
    pause,
    pauseLeft,
    pauseSound,
    sort,
    list,
    hold,
    tiles,
    tileCount,
    shown,
    coming,
    pinned,
    pick,
    step,
    message,
    detail,
    send,
    accept,
    acceptTop,
    sayState,
    confirmState,
    trendOf,
    view,
    frozen,
    gone: computed(() => withdrawals(state)),
    nextTiles: () => {
      tiles.value = next<TileCount | 'auto'>(['auto', ...tileCounts], tiles.value);
    },
    nextLayout: () => {
      view.layout = next(layouts, view.layout);
    },
    nextSpeed: () => {
      view.mmPerS = next(speeds, view.mmPerS);
    },
    nextGain: () => {
      view.mmPerMv = next(gains, view.mmPerMv);
    },
    vitalsOf: (item: Inbound): Vital[] => vitals(readingsOf(state, item.patients), now.value),
    slotsOf: (item: Inbound) => slotsOf(state, item.patients),
    askedOf: (item: Inbound) => asked(item.notice, hospital.value, now.value),
    alarmOf: (item: Inbound, name: VitalName): VitalAlarm | undefined =>
      item.alarms.find((a) => a.channel === (name === 'nibp' ? 'nibp_sys' : name)),
    limitsOf: (name: VitalName) => state.limits.get(name === 'nibp' ? 'nibp_sys' : name),
  };
  provide(key, board);
  return board;
}

export type Board = ReturnType<typeof createBoard>;
const key: InjectionKey<Board> = Symbol('board');
export function useBoard(): Board {
  const board = inject(key);
  if (!board) throw new Error('useBoard outside of a board');
  return board;
}

// Words that several parts say.
export function who(patient: Patient): string {
  return [
    patient.name || t('hospital.unknown_patient'),
    patient.sex === 'm' || patient.sex === 'f' ? t(`sex.${patient.sex}`) : '',
    patient.age_years ? t('age.years', { n: patient.age_years }) : '',
  ]
    .filter(Boolean)
    .join(' ');
}
export function names(item: Inbound): string {
  return item.patients.map(who).join('；') || t('hospital.unknown_patient');
}
export function eta(item: Inbound): string {
  if (item.arrived) return t('node.at_hospital');
  if (item.etaS === undefined) return t('hospital.eta_unknown');
  return item.etaS >= 0 ? span(item.etaS) : t('hospital.late', { span: span(-item.etaS) });
}
export function etaKnown(item: Inbound): boolean {
  return item.arrived || item.etaS !== undefined;
}
/** How the arrival was found, between when and when eight of ten come, and how old the position is from which it was. */
export function etaHow(item: Inbound, nowMs: number, short = false): string {
  if (item.arrived) return t('hospital.ended', { age: span(item.sinceArrivalS ?? 0) });
  if (item.etaS === undefined) return item.mission?.state === 'left_scene' ? '' : t('hospital.not_left');
  const words = [item.notice.eta_method === 'straight_line' ? t('hospital.eta_straight') : t('hospital.eta_roads')];
  const { eta_from: from, eta_to: to } = item.notice;
  if (from && to && !short) words.push(band(from, to));
  const fix = item.unit?.fix;
  if (!fix) words.push(t('hospital.eta_no_fix'));
  else {
    const age = (nowMs - Date.parse(fix.taken)) / 1000;
    words.push(age < 5 ? t('hospital.eta_live') : t('hospital.eta_age', { age: span(age) }));
  }
  return words.join(' · ');
}
export function alarmWords(alarm: VitalAlarm): string {
  const digits = alarm.channel === 't1' || alarm.channel === 't2' ? 1 : 0;
  return t(alarm.side === 'low' ? 'limit.beyond_low' : 'limit.beyond_high', {
    name: tc('vital', alarm.channel),
    value: alarm.value.toFixed(digits),
    limit: alarm.limit.toFixed(digits),
  });
}
export function whyWords(reason: Why): string {
  switch (reason.is) {
    case 'priority':
      return t('hospital.why.priority', { level: reason.level });
    case 'alarm':
      return alarmWords(reason.alarm);
    case 'pathway':
      return tc('pathway', reason.pathway);
    case 'step': {
      const left =
        reason.left >= 0 ? t('case.left', { span: span(reason.left) }) : t('case.over', { span: span(-reason.left) });
      return t('hospital.why.window', { step: tc('step', reason.step), left });
    }
  }
}
