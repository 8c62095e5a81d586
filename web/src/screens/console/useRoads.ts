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
import {
  addPoint,
  againBody,
  bodyOf,
  closedMarks,
  closureRows,
  isPreview,
  isReach,
  newDraft,
  reachMarks,
  reachPath,
  timesWrong,
  whole,
  type Draft,
  type DraftKind,
  type Preview,
  type Reach,
  type ReachOf,
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
  const preview = shallowRef<Preview>();
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
    const body = { ...bodyOf({ ...d, from: '', until: '' }, desk.feed.clock.now()), reason: d.reason.trim() || '?' };
    const answer = await act('/api/v1/closures/preview', body, { by: desk.who.by || '?', desk: desk.who.desk });
    if (mine !== asked) return;
    preview.value = answer.is === 'done' && isPreview(answer.value) ? answer.value : undefined;
    problem.value = preview.value ? (preview.value.problem ?? '') : answerWords(lang.value, answer).text;
  }
  watch(
    () => {
      const d = draft.value;
      return d ? JSON.stringify([d.kind, d.points, d.road, d.cross, d.oneWay, d.level]) : '';
    },
    () => {
      asked++;
      preview.value = undefined;
      problem.value = '';
      clearTimeout(timer);
      timer = setTimeout(() => void look(), restMs);
    },
  );

  const ready = computed(() => {
    const d = draft.value;
    return d !== undefined && whole(d) && d.reason.trim() !== '' && timesWrong(d, desk.feed.clock.now()) === '';
  });
  /** Closes what is drawn. */
  async function close(): Promise<boolean> {
    const d = draft.value;
    if (!d || !ready.value || !desk.on.value || desk.sending.value) return false;
    const answer = await desk.send('/api/v1/closures', bodyOf(d, desk.feed.clock.now()), tr('closed'));
    if (answer.is !== 'done') return false;
    draft.value = undefined;
    return true;
  }
  async function lift(closure: Closure): Promise<void> {
    if (desk.on.value) await desk.send(`/api/v1/closures/${closure.id}/lift`, {}, tr('lifted'));
  }
  async function again(closure: Closure): Promise<void> {
    if (desk.on.value) await desk.send('/api/v1/closures', againBody(closure, desk.feed.clock.now()), tr('closed'));
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
