// What the parts of the console share of closed roads: the draft, what it would close, and the acts. The map and the list stand apart and
// have one draft.
import { computed, effectScope, ref, shallowRef, watch } from 'vue';
import { act } from '../../live/api';
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
  newDraft,
  timesWrong,
  whole,
  type Draft,
  type DraftKind,
  type Preview,
} from './roads';

/** The centre is asked what a drawing hits when nothing has changed for so long. */
const restMs = 250;

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
      reach: [],
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
  };
}

export type RoadsState = ReturnType<typeof openRoads>;
const opened = new WeakMap<DeskState, RoadsState>();

/** The one draft and list of this desk's window, made when a part first asks: nothing of it is needed for the first second. */
export function useRoads(): RoadsState {
  const desk = useDesk();
  const known = opened.get(desk);
  if (known) return known;
  const made = effectScope(true).run(() => openRoads(desk));
  if (!made) throw new Error('use the roads: their scope has ended');
  opened.set(desk, made);
  return made;
}
