// What the parts of the console share of closed roads: the draft, what it would close, and the acts. The map and the list stand apart and
// have one draft.
import { computed, effectScope, ref, shallowRef, watch } from 'vue';
import { act, get } from '../../live/api';
import type { Ground } from '../../map/ground';
import { answerWords } from '../../text/answer';
import { roadsText, type RoadsKey } from '../../text/roads';
import { lang } from '../../ui/lang';
import type { Closure, Pos } from '../../wire/entity';
import { useDesk, type DeskState } from './desk';
import { oneAtATime } from './once';
import {
  addPoint,
  againBody,
  bodyOf,
  closedMarks,
  closureRows,
  draftTimes,
  drawnKey,
  isPreview,
  isReach,
  newDraft,
  reachMarks,
  reachPath,
  sendable,
  whole,
  type Draft,
  type DraftKind,
  type Reach,
  type ReachOf,
  type Seen,
} from './roads';

/** The centre is asked what a drawing hits when nothing has changed for so long. */
const restMs = 250;
/** An area within reach is of the positions that held: it is asked for anew while it is shown. */
const reachEveryMs = 30_000;

/** Words for closed roads, in the page's language. */
export function tr(key: RoadsKey, args?: Record<string, string | number>): string {
  return roadsText(lang.value, key, args);
}

function openRoads(desk: DeskState) {
  const draft = ref<Draft>();
  /** What the centre said of which drawing. */
  const seen = shallowRef<Seen>();
  const preview = computed(() => seen.value?.preview);
  /** The drawing that hits no road and that somebody wants to send all the same. */
  const doubted = ref('');
  const once = oneAtATime();
  const problem = ref('');
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function begin(kind: DraftKind): void {
    const old = draft.value;
    draft.value = old ? { ...old, kind, points: [] } : newDraft(kind);
  }
  function cancel(): void {
    draft.value = undefined;
  }
  function point(pos: Pos): void {
    if (draft.value) addPoint(draft.value, pos);
  }
  function takeBack(): void {
    if (draft.value) draft.value.points = draft.value.points.slice(0, -1);
  }
  async function look(): Promise<void> {
    const mine = ++asked;
    const d = draft.value;
    if (!d || !whole(d)) return;
    // A question closes nothing, and a reason is not needed for it.
    const of = drawnKey(d);
    const body = { ...bodyOf({ ...d, from: '', until: '' }, desk.feed.clock.now()), reason: d.reason.trim() || '?' };
    const answer = await act('/api/v1/closures/preview', body, { by: desk.who.by || '?', desk: desk.who.desk });
    if (mine !== asked) return;
    seen.value = { of, preview: answer.is === 'done' && isPreview(answer.value) ? answer.value : undefined };
    problem.value = preview.value ? (preview.value.problem ?? '') : answerWords(lang.value, answer).text;
  }
  watch(
    () => (draft.value ? drawnKey(draft.value) : ''),
    () => {
      asked++;
      seen.value = undefined;
      doubted.value = '';
      problem.value = '';
      clearTimeout(timer);
      timer = setTimeout(() => void look(), restMs);
    },
  );

  function fit(d: Draft, nowMs: number): boolean {
    return d.reason.trim() !== '' && draftTimes(d, nowMs).wrong === '' && sendable(d, seen.value) !== 'no';
  }
  const ready = computed(() => draft.value !== undefined && fit(draft.value, desk.feed.now.value) && !once.busy.value);
  /** It hits no road, and one key more closes it. */
  const asksAgain = computed(() => draft.value !== undefined && doubted.value === drawnKey(draft.value));
  /** Closes what is drawn, and what was shown of it. */
  async function close(): Promise<void> {
    const d = draft.value;
    if (!d || !fit(d, desk.feed.clock.now()) || !desk.on.value || desk.sending.value) return;
    await once.run(async () => {
      if (sendable(d, seen.value) === 'once_more' && !asksAgain.value) {
        doubted.value = drawnKey(d);
        return;
      }
      const answer = await desk.send('/api/v1/closures', bodyOf(d, desk.feed.clock.now()), tr('closed'));
      if (answer.is === 'done' && draft.value === d) draft.value = undefined;
    });
  }
  async function lift(closure: Closure): Promise<void> {
    if (desk.on.value) await once.run(() => desk.send(`/api/v1/closures/${closure.id}/lift`, {}, tr('lifted')));
  }
  async function again(closure: Closure): Promise<void> {
    if (!desk.on.value) return;
    await once.run(() => desk.send('/api/v1/closures', againBody(closure, desk.feed.clock.now()), tr('closed')));
  }

  // The area within reach, while somebody wants to see it.
  const reachOf = shallowRef<ReachOf>();
  const reach = shallowRef<Reach>();
  const reachProblem = ref('');
  let reachTimer: ReturnType<typeof setTimeout> | undefined;
  async function askReach(of: ReachOf): Promise<void> {
    clearTimeout(reachTimer);
    const answer = await get(reachPath(of), 10_000);
    if (reachOf.value !== of) return;
    const got = answer.is === 'done' && isReach(answer.value) ? answer.value : undefined;
    reach.value = got?.problem ? undefined : got; // an old area would say what nobody knows
    reachProblem.value = got ? (got.problem ?? '') : 'failed';
    reachTimer = setTimeout(() => void askReach(of), reachEveryMs);
  }
  function showReach(of: ReachOf): void {
    reach.value = undefined;
    reachProblem.value = '';
    reachOf.value = of;
    void askReach(of);
  }
  function hideReach(): void {
    clearTimeout(reachTimer);
    reachOf.value = undefined;
    reach.value = undefined;
    reachProblem.value = '';
  }
  /** Shows the area of all free units, or clears what is shown. */
  function toggleReach(): void {
    if (reachOf.value) hideReach();
    else showReach({ all: true });
  }
  watch(
    () => desk.state.roads.get('now')?.version,
    () => {
      if (reachOf.value) void askReach(reachOf.value);
    },
  );
  const areas = computed(() => reachMarks(reach.value));

  const rows = computed(() => closureRows(desk.state.closures.values()));
  const now = computed(() => desk.state.roads.get('now'));
  const marks = computed(() => closedMarks(desk.state.closures.values()));
  const ground = computed<Ground>(() => {
    const d = draft.value;
    const line = d?.kind === 'names' ? (preview.value?.line ?? []) : (d?.points ?? []);
    return {
      closed: preview.value
        ? [
            ...marks.value,
            {
              id: 'draft',
              lines: preview.value.roads.flatMap((road) => road.lines ?? []),
              area: false,
              awaited: true,
            },
          ]
        : marks.value,
      drawing: d ? { line, area: d.kind === 'area', arrow: d.oneWay } : undefined,
      reach: areas.value,
    };
  });
  /** A click on the map is a place of the drawing. */
  const drawing = computed(() => draft.value !== undefined && draft.value.kind !== 'names');

  return {
    draft,
    preview,
    problem,
    drawing,
    ready,
    asksAgain,
    busy: once.busy,
    rows,
    now,
    ground,
    begin,
    cancel,
    point,
    takeBack,
    close,
    lift,
    again,
    reachOf,
    reach,
    reachProblem,
    showReach,
    hideReach,
    toggleReach,
  };
}

export type RoadsState = ReturnType<typeof openRoads>;
const opened = new WeakMap<DeskState, RoadsState>();

/** The one draft and list of this desk's window, made when a part first asks: nothing of it is needed for the first second. */
export function roadsOf(desk: DeskState): RoadsState {
  const known = opened.get(desk);
  if (known) return known;
  const made = effectScope(true).run(() => openRoads(desk));
  if (!made) throw new Error('use the roads: their scope has ended');
  opened.set(desk, made);
  return made;
}

export function useRoads(): RoadsState {
  return roadsOf(useDesk());
}
