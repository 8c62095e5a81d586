// What the parts of the terminal share: the agent's feed, the tablet's own queue, and how a touch is sent.
import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { WaveBoard } from '../../clinical/waves';
import { post, type Answer } from '../../live/api';
import { steadyNow } from '../../live/clock';
import { openFeed } from '../../live/feed';
import { newId } from '../../live/id';
import { keep, kept } from '../../ui/keep';
import { t } from '../../ui/lang';
import { Sounder } from '../../ui/sound';
import { terminalChecks, type Node } from '../../wire/entity';
import { fate, oneByOne, Repeats, request, textMax, undoRequest } from './acts';
import { AwayQueue, handover, type Entry, type Measured } from './away';
import { shakeMs } from './arm';
import {
  bindable,
  faults,
  lamp,
  monitors,
  nodeKeys,
  ordersView,
  owed,
  pretending,
  runningMission,
  said,
} from './model';
import { people, shownPerson } from './people';
import { photoBody, Shelf, shrink, type KeptPhoto } from './photo';
import { seatOf, typingLocked, type Seat } from './seat';

/** A touch can be taken back this long. */
export const undoMs = 10_000;
/** What covers the left half of the screen; '' is the usual. */
export type Sheet = '' | 'order' | 'patient' | 'hospital' | 'notes' | 'state';

/** An SOS that the vehicle has not taken is tried again this often. */
const sosAgainMs = 1_000;
/** An SOS older than this says that the tablet was away. */
const lateMs = 5_000;
/** What was put aside is remembered this far back. */
const dismissedMax = 200;
/** A photo that the vehicle did not take is tried again this often, and it may take this long to cross the cab's own network. */
const photoAgainMs = 10_000;
const photoPatienceMs = 20_000;
/** What else is kept is handed over this often while the vehicle answers. */
const handoverMs = 2_000;

export function openTerminal() {
  const feed = openFeed(terminalChecks, ['terminal'], () => ({ by: by.value, desk: '' }));
  const { state, now } = feed;
  const by = ref(kept('crew') ?? '');
  watch(by, (name) => keep('crew', name.trim()));
  const name = (): string => by.value.trim() || t('vehicle.by_default');
  const tablet = kept('tablet') ?? newId();
  keep('tablet', tablet);
  const chosenSeat = ref(seatOf(location.search, kept('seat')));
  /** Until somebody chose, it is the cabin's: nothing is locked there. */
  const seat = computed<Seat>(() => chosenSeat.value ?? 'cabin');
  if (chosenSeat.value) keep('seat', chosenSeat.value);
  function sit(at: Seat): void {
    chosenSeat.value = at;
    keep('seat', at);
  }
  const sheet = ref<Sheet>('');
  /** What somebody is in the middle of writing: an order that comes over it takes none of it. */
  const draft = reactive({ name: '', sex: '', age: '', note: '', hospital: '', pathway: '', page: 0 });
  const board = new WaveBoard();
  feed.onWave((frame) => board.take(frame));

  const queue = new AwayQueue({ read: () => kept('away'), write: (text) => keep('away', text) });
  const mine = shallowRef<readonly Entry[]>([...queue.list()]);
  const diskOk = ref(true);
  const message = ref('');
  const handedOver = ref(0);
  const changed = (): void => {
    mine.value = [...queue.list()];
    diskOk.value = queue.safe && shelf.safe;
  };

  /** What was read and put aside on this tablet: dead orders, words of the desk, mended faults. */
  // Photos are too large for what else is kept; they have a shelf of their own on the tablet's disk.
  const shelf = new Shelf();
  const photos = shallowRef<readonly KeptPhoto[]>([]);
  const shelved = (): void => {
    photos.value = shelf.list();
    diskOk.value = queue.safe && shelf.safe;
  };
  void shelf.load().then(shelved);

  const dismissed = reactive(new Set<string>(JSON.parse(kept('dismissed') ?? '[]') as string[]));
  function dismiss(id: string): void {
    dismissed.add(id);
    keep('dismissed', JSON.stringify([...dismissed].slice(-dismissedMax)));
  }

  // The centre's times are on its clock; this page's server is the vehicle, whose clock may be off.
  const centreNow = computed(() => now.value - (state.link.get('state')?.clock_offset_s ?? 0) * 1000);
  const orders = computed(() => ordersView(state, centreNow.value, dismissed));
  const mission = computed(() => runningMission(state));
  const keys = computed(() => nodeKeys(mission.value, mine.value, state.kept));
  const light = computed(() => lamp(state.alarms.values(), mine.value, centreNow.value));
  const words = computed(() => said(state.messages.values(), dismissed));
  const broken = computed(() =>
    faults(state.link.get('state')?.faults ?? []).filter((f) => f.goesOn || !dismissed.has(f.id)),
  );
  const patients = computed(() => bindable(state, mission.value));
  const demoDevices = computed(() => {
    const self = state.units.get('self') ?? [...state.units.values()][0];
    return pretending(state, self?.simulated === true || feed.demo.value);
  });
  const devices = computed(() => monitors(state));
  const fix = computed(() => state.fix.get('self'));
  const locked = computed(() => typingLocked(seat.value, fix.value, now.value));
  const persons = computed(() => people(state, now.value));
  const chosen = ref<string>();
  const person = computed(() => shownPerson(persons.value, chosen.value));
  const debt = computed(() => owed(state));
  const away = computed(() => feed.link.value.is === 'lost');

  /** The tablet's clock minus the vehicle's, ms. */
  const offsetMs = (): number | undefined => {
    const measured = feed.clock.offsetMs();
    return measured === undefined ? undefined : -measured;
  };
  /** The tablet's clock as it is measured now; undefined until it is. */
  function measured(): Measured | undefined {
    const offset = offsetMs();
    const uncertainty = feed.clock.uncertaintyMs();
    return offset === undefined || uncertainty === undefined
      ? undefined
      : { offsetMs: offset, uncertaintyMs: uncertainty };
  }
  function entry(kind: Entry['kind'], body: Entry['body']): Entry {
    const clock = measured();
    const made: Entry = {
      id: newId(),
      kind,
      atMs: steadyNow(),
      offsetMs: clock?.offsetMs,
      ...(clock ? { uncertaintyMs: clock.uncertaintyMs } : {}),
      body: { ...body, by: name() },
    };
    queue.add(made); // on the tablet's disk first, then on its way
    changed();
    return made;
  }
  /** Sends one kept touch; the tablet forgets it only when the vehicle has taken it, or refused it for good. */
  async function sendOne(made: Entry): Promise<Answer> {
    const { path, body } = request(made, steadyNow() - made.atMs > lateMs, measured());
    const answer = await post(path, body);
    const then = fate(made.kind, answer);
    if (then !== 'kept') queue.remove([made.id]);
    if (then === 'refused' && answer.is === 'refused') message.value = t('act.failed', { detail: answer.detail });
    changed();
    return answer;
  }

  async function pressSOS(): Promise<void> {
    const made = entry('sos', { seat: chosenSeat.value ?? '' });
    await sendSOS(made);
  }
  async function sendSOS(made: Entry): Promise<void> {
    if (!queue.list().some((e) => e.id === made.id)) return;
    const answer = await sendOne(made);
    if (answer.is !== 'done') window.setTimeout(() => void sendSOS(made), sosAgainMs);
  }

  /** True for a moment after a node was touched: the finger may shake. */
  const shaking = ref(false);
  function shook(): void {
    shaking.value = true;
    window.setTimeout(() => (shaking.value = false), shakeMs);
  }
  const undo = reactive({ id: '', node: '' as Node | '', until: 0, mission: '' });
  async function touch(node: Node): Promise<void> {
    const current = mission.value;
    if (!current) return;
    message.value = '';
    shook();
    const stood = keys.value.some((k) => k.node === node && k.stood !== undefined);
    const made = entry('node', { mission: current.id, node, ...(stood ? { stood } : {}) });
    Object.assign(undo, { id: made.id, node, until: steadyNow() + undoMs, mission: current.id });
    if (!away.value) await sendOne(made);
  }
  async function takeBack(): Promise<void> {
    const { id, node, mission: of } = { ...undo };
    undo.id = '';
    if (!id || !node) return;
    // Still on the tablet only: it is as if it never was. Otherwise the vehicle takes it back.
    const onlyHere = queue.remove([id]) > 0;
    changed();
    if (onlyHere && away.value) return;
    const { path, body } = undoRequest(of, id, node, name());
    const answer = await post(path, body);
    if (answer.is === 'done' || undo.id) return;
    if (answer.is === 'refused' && fate('node', answer) === 'refused') {
      if (!onlyHere) message.value = t('act.failed', { detail: answer.detail });
      return;
    }
    message.value = t('act.silent');
    Object.assign(undo, { id, node, until: steadyNow() + undoMs, mission: of }); // to be pressed again, under the same name
  }
  async function note(text: string): Promise<void> {
    const patient = person.value?.key;
    const made = entry('note', {
      ...(mission.value ? { mission: mission.value.id } : {}),
      ...(patient ? { patient } : {}),
      text: text.slice(0, textMax),
    });
    if (!away.value) await sendOne(made);
  }
  /** Anything else needs the vehicle: it answers, or the crew is told that it did not. */
  const repeats = new Repeats();
  async function send(path: string, body: object, named?: (id: string) => object): Promise<boolean> {
    message.value = t('act.pending');
    const answer = await post(path, { ...body, ...named?.(repeats.id(path, body)) });
    repeats.answered(path, body, answer);
    message.value =
      answer.is === 'done'
        ? ''
        : answer.is === 'refused'
          ? t('act.failed', { detail: answer.detail })
          : t('act.silent');
    return answer.is === 'done';
  }

  /** Hands over what is still kept here from before (the tablet was away, or the page was closed in between). */
  let busy = false;
  async function giveBack(): Promise<void> {
    const clock = measured();
    const old = queue.list().filter((e) => steadyNow() - e.atMs > 3_000);
    if (busy || old.length === 0 || away.value || feed.link.value.is !== 'up' || !clock) return;
    busy = true;
    const body = handover(tablet, old, clock);
    const answer = await post('/api/v1/handover', body);
    if (answer.is === 'done') {
      const taken = (answer.value as { taken?: unknown } | undefined)?.taken;
      if (Array.isArray(taken)) handedOver.value += queue.remove(taken.filter((id) => typeof id === 'string'));
      changed();
    }
    if (oneByOne(answer)) {
      // What was left out, or stood in the way of all the others: asked about one by one, it says why.
      const sent = new Set(body.entries.map((e) => e.id));
      for (const left of queue.list().filter((e) => sent.has(e.id) && e.kind !== 'sos')) await sendOne(left);
    }
    busy = false;
  }
  /** Takes a photo: small, on the tablet's disk, then on its way. */
  async function photo(file: Blob): Promise<void> {
    const current = mission.value;
    if (!current) return;
    const atMs = steadyNow();
    const whom = person.value?.key ?? '';
    const jpeg = await shrink(file);
    if (!jpeg) {
      message.value = t('vehicle.photo_none');
      return;
    }
    await shelf.put({ id: newId(), atMs, offsetMs: offsetMs(), mission: current.id, patient: whom, by: name(), jpeg });
    shelved();
    photosDue = 0;
    await sendPhotos();
  }
  /** Brings the photos that wait here to the vehicle, one after another, oldest first. */
  let photosBusy = false;
  let photosDue = 0;
  async function sendPhotos(): Promise<void> {
    const offset = offsetMs();
    const uncertainty = feed.clock.uncertaintyMs();
    if (photosBusy || steadyNow() < photosDue || away.value || offset === undefined || uncertainty === undefined)
      return;
    photosBusy = true;
    for (const p of shelf.list()) {
      const late = steadyNow() - p.atMs > lateMs;
      const body = photoBody(p, { offsetMs: offset, uncertaintyMs: uncertainty }, late);
      const answer = await post('/api/v1/photos', body, photoPatienceMs);
      const then = fate('photo', answer);
      if (then !== 'kept') await shelf.remove(p.id);
      if (then === 'refused' && answer.is === 'refused') message.value = t('act.failed', { detail: answer.detail });
      shelved();
      if (then !== 'kept') continue;
      if (answer.is === 'refused' && answer.status === 507) message.value = t('vehicle.photo_full');
      photosDue = steadyNow() + photoAgainMs;
      break;
    }
    photosBusy = false;
  }
  window.setInterval(() => void giveBack(), handoverMs);
  window.setInterval(() => void sendPhotos(), handoverMs);
  for (const left of queue.list()) if (left.kind === 'sos') void sendSOS(left);

  const sounder = new Sounder('vehicle');
  const sound = reactive({ on: sounder.running(), playing: '' });
  const heard = new Set<string>();
  const hear = (): void => {
    const card = orders.value.card.is;
    sounder.want(card === 'new' ? 'order' : card === 'changed' ? 'medium' : undefined);
    // Once for each word of the desk, and once for each device that begins to pretend.
    const once = (id: string, sound: 'word' | 'medium'): void => {
      if (!heard.has(id) && sounder.once(sound)) heard.add(id);
    };
    for (const id of heard) if (id.startsWith('demo ') && !demoDevices.value.includes(id.slice(5))) heard.delete(id);
    for (const device of demoDevices.value) once(`demo ${device}`, 'medium');
    for (const word of words.value) once(word.id, 'word');
    sound.on = sounder.running();
    sound.playing = sounder.playing ?? '';
  };
  sounder.onState = hear;
  feed.onChange(hear);
  watch([orders, words, demoDevices], hear);

  return {
    feed,
    state,
    now,
    seat,
    chosenSeat,
    sit,
    sheet,
    draft,
    fix,
    locked,
    persons,
    person,
    chosen,
    shaking,
    centreNow,
    board,
    by,
    name,
    mine,
    diskOk,
    message,
    handedOver,
    dismiss,
    orders,
    mission,
    keys,
    light,
    devices,
    patients,
    demoDevices,
    words,
    broken,
    debt,
    away,
    offsetMs,
    pressSOS,
    touch,
    undo,
    takeBack,
    note,
    photo,
    photos,
    send,
    sounder,
    sound,
    since: feed.clock.now(),
  };
}

export type Terminal = ReturnType<typeof openTerminal>;
