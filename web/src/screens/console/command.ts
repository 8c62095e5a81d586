// The command line: what was typed, to what will be done, with its echo before Enter and completions of plates, numbers and names by
// their text, digits or pinyin initials (UI §10.6). Pure: it only reads the state.
import type { Key } from '../../text/zh';
import { initials } from '../../text/pinyin';
import type { CentreState, Hospital, Incident, Mission, Node, Unit } from '../../wire/entity';
import { incidentRows, missionsOf, over, placeText } from './model';

export type CommandAct =
  | { do: 'dispatch'; incident: string; unit: string }
  | { do: 'node'; mission: string; node: Node }
  | { do: 'duty'; unit: string; duty: 'on_duty' | 'suspended' }
  | { do: 'hospital'; mission: string; hospital: string }
  | { do: 'merge'; incident: string; into: string }
  | { do: 'reach'; of: { unit: string } | { station: string } | { all: true } }
  | { do: 'close_road'; road: string; cross: [string, string]; reason: string }
  | { do: 'incident'; incident: string }
  | { do: 'unit'; unit: string }
  | { do: 'hospital_show'; hospital: string };

export interface Choice {
  /** The whole line when this is taken. */
  line: string;
  label: string;
  note: string;
}
export type Parsed =
  | { is: 'empty' }
  /** Not whole yet: what comes next. */
  | { is: 'part'; hint: Key; choices: Choice[] }
  | { is: 'ready'; act: CommandAct; echo: Key; args: Record<string, string>; choices: Choice[] }
  | { is: 'wrong'; why: Key; args: Record<string, string> };

/** Completions shown at once. */
const choicesMax = 8;

/** German FMS digits, kept as quick keys (UI §10.2); 5 and 0 belong to the crew. */
export const digits: Record<string, Node> = {
  '1': 'available',
  '2': 'at_station',
  '3': 'departed',
  '4': 'at_scene',
  '7': 'left_scene',
  '8': 'at_hospital',
  '9': 'handed_over',
};
const nodeWords: [Node, string][] = [
  ['departed', '出车'],
  ['at_scene', '到达现场'],
  ['contact', '接触患者'],
  ['left_scene', '离开现场'],
  ['at_hospital', '到达医院'],
  ['handed_over', '交接完成'],
  ['available', '途中待命'],
  ['at_station', '站内待命'],
];

interface Named {
  id: string;
  /** What is put into the line. */
  token: string;
  label: string;
  note: string;
  texts: string[];
}

const plain = (text: string): string => text.toLowerCase().replace(/[\s·.-]/g, '');

/** How well a word fits: 4 whole, 3 the number at the end, 2 a beginning, 1 within, 0.5 characters in order; 0 not at all. */
function fit(word: string, texts: string[]): number {
  const asked = plain(word);
  if (!asked) return 0;
  let best = 0;
  for (const text of texts) {
    const whole = plain(text);
    const short = initials(text);
    if (whole === asked) best = Math.max(best, 4);
    else if (/^\d+$/.test(asked) && whole.endsWith(asked)) best = Math.max(best, asked.length >= 3 ? 3 : 2);
    else if (whole.startsWith(asked) || short.startsWith(asked)) best = Math.max(best, 2);
    else if (whole.includes(asked) || (asked.length > 1 && short.includes(asked))) best = Math.max(best, 1);
    else if (/\p{Script=Han}/u.test(asked) && inOrder(asked, whole)) best = Math.max(best, 0.5);
  }
  return best;
}
function inOrder(asked: string, whole: string): boolean {
  let at = 0;
  for (const c of asked) {
    at = whole.indexOf(c, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Those that fit, the best first; one alone at the best is what was meant. */
function find(word: string, all: Named[]): { one: Named | undefined; list: Named[] } {
  const scored = all.map((named) => ({ named, score: fit(word, named.texts) })).filter((s) => s.score > 0);
  scored.sort((a, b) => b.score - a.score || (a.named.token < b.named.token ? -1 : 1));
  const best = scored[0];
  const alone = best && (scored.length === 1 || (scored[1]?.score ?? 0) < best.score) ? best.named : undefined;
  return { one: alone, list: scored.map((s) => s.named) };
}

const number = (i: Incident): string => String(i.number).padStart(4, '0');

function unitsOf(state: CentreState): Named[] {
  return [...state.units.values()].map((u: Unit) => ({
    id: u.id,
    token: u.plate.replace(/\s/g, ''),
    label: u.plate,
    note: state.stations.get(u.station)?.name ?? u.name,
    texts: [u.plate, u.id, u.name],
  }));
}
function hospitalsOf(state: CentreState): Named[] {
  return [...state.hospitals.values()].map((h: Hospital) => ({
    id: h.id,
    token: h.name,
    label: h.name,
    note: h.name_en ?? '',
    texts: [h.name, h.id, h.name_en ?? ''].filter(Boolean),
  }));
}
/** Living incidents by number; a number that stands twice, of two days, is asked for. */
function incidentsOf(state: CentreState): Named[] {
  return [...state.incidents.values()]
    .filter((i) => !over(i))
    .map((i) => ({
      id: i.id,
      token: number(i),
      label: number(i),
      note: [i.complaint, placeText(i.place)].filter(Boolean).join(' '),
      texts: [number(i), String(i.number)],
    }));
}

export function parseCommand(raw: string, state: CentreState): Parsed {
  const line = raw.replace(/^\s+/, '');
  if (line === '') return { is: 'empty' };
  if (line.startsWith('/') || line.startsWith('、')) return search(line, state);
  const [verb = '', ...rest] = line.split(/\s+/);
  const words = rest.filter((w) => w !== '');
  const open = /\s$/.test(line);
  switch (verb.toLowerCase()) {
    case 'd':
      return dispatch(verb, words, state);
    case 's':
      return status(verb, words, state);
    case 'h':
      return hospital(verb, words, state);
    case 'c':
      return merge(verb, words, state);
    case 'f':
      return closeRoad(words);
    case 'r':
      return reach(verb, words, state);
    default:
      return words.length === 0 && !open ? go(verb, state) : { is: 'wrong', why: 'command.unknown', args: { verb } };
  }
}

const choicesOf = (prefix: string, list: Named[]): Choice[] =>
  list.slice(0, choicesMax).map((n) => ({ line: `${prefix}${n.token} `, label: n.label, note: n.note }));

/** Resolves one word, or says what is missing: completions, or that nothing fits. */
function resolve(
  word: string | undefined,
  all: Named[],
  prefix: string,
  hint: Key,
): { named: Named } | { stop: Parsed } {
  if (word === undefined) return { stop: { is: 'part', hint, choices: choicesOf(prefix, all) } };
  const { one, list } = find(word, all);
  if (one) return { named: one };
  if (list.length > 0) return { stop: { is: 'part', hint: 'command.several', choices: choicesOf(prefix, list) } };
  return { stop: { is: 'wrong', why: 'command.nothing', args: { word } } };
}

function dispatch(verb: string, words: string[], state: CentreState): Parsed {
  const incident = resolve(words[0], waitingFirst(state), `${verb} `, 'command.hint.d');
  if ('stop' in incident) return incident.stop;
  const unit = resolve(words[1], unitsOf(state), `${verb} ${words[0]} `, 'command.hint.unit');
  if ('stop' in unit) return unit.stop;
  const of = state.incidents.get(incident.named.id);
  return {
    is: 'ready',
    act: { do: 'dispatch', incident: incident.named.id, unit: unit.named.id },
    echo: 'command.echo.d',
    args: { plate: unit.named.label, n: incident.named.label, what: incident.named.note || (of?.priority ?? '') },
    choices: [],
  };
}
function waitingFirst(state: CentreState): Named[] {
  const place = new Map(incidentRows(state, 0).map((row, at) => [row.incident.id, at])); // as the queue has them
  return incidentsOf(state).sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
}

function running(state: CentreState, unit: string): Mission | undefined {
  const id = state.units.get(unit)?.mission;
  const mission = id ? state.missions.get(id) : undefined;
  return mission && !mission.ended ? mission : undefined;
}

function status(verb: string, words: string[], state: CentreState): Parsed {
  const unit = resolve(words[0], unitsOf(state), `${verb} `, 'command.hint.s');
  if ('stop' in unit) return unit.stop;
  const plate = unit.named.label;
  const prefix = `${verb} ${words[0]} `;
  const word = words[1];
  const all: Choice[] = nodeWords.map(([node, name]) => ({
    line: `${prefix}${Object.keys(digits).find((d) => digits[d] === node) ?? name}`,
    label: Object.keys(digits).find((d) => digits[d] === node) ?? name,
    note: name,
  }));
  if (word === undefined) return { is: 'part', hint: 'command.hint.node', choices: all };
  const named = nodeWords.map(([node, name]) => ({ id: node, token: name, label: name, note: '', texts: [name] }));
  const mission = running(state, unit.named.id);
  if (word === '6') {
    return {
      is: 'ready',
      act: { do: 'duty', unit: unit.named.id, duty: 'suspended' },
      echo: 'command.echo.suspend',
      args: { plate },
      choices: [],
    };
  }
  const node = digits[word] ?? (/^\d/.test(word) ? undefined : (find(word, named).one?.id as Node | undefined));
  if (!node) return { is: 'wrong', why: 'command.no_node', args: { word } };
  if (!mission) {
    if ((node === 'at_station' || node === 'available') && state.units.get(unit.named.id)?.duty !== 'on_duty')
      return {
        is: 'ready',
        act: { do: 'duty', unit: unit.named.id, duty: 'on_duty' },
        echo: 'command.echo.on_duty',
        args: { plate },
        choices: [],
      };
    return { is: 'wrong', why: 'command.no_mission', args: { plate } };
  }
  return {
    is: 'ready',
    act: { do: 'node', mission: mission.id, node },
    echo: 'command.echo.s',
    args: { plate, node: `node.${node}` },
    choices: [],
  };
}

function hospital(verb: string, words: string[], state: CentreState): Parsed {
  const incidents = incidentsOf(state).filter((n) => missionsOf(state, n.id).some((m) => !m.ended));
  const units = unitsOf(state).filter((n) => running(state, n.id));
  const whose = resolve(words[0], [...incidents, ...units], `${verb} `, 'command.hint.h');
  if ('stop' in whose) return whose.stop;
  const missions = state.incidents.has(whose.named.id)
    ? missionsOf(state, whose.named.id).filter((m) => !m.ended)
    : [running(state, whose.named.id)].filter((m): m is Mission => m !== undefined);
  const mission = missions[0];
  if (!mission) return { is: 'wrong', why: 'command.no_mission', args: { plate: whose.named.label } };
  if (missions.length > 1) {
    const ids = new Set(missions.map((m) => m.unit));
    const list = unitsOf(state).filter((n) => ids.has(n.id));
    return { is: 'part', hint: 'command.several', choices: choicesOf(`${verb} `, list) };
  }
  const target = resolve(words[1], hospitalsOf(state), `${verb} ${words[0]} `, 'command.hint.hospital');
  if ('stop' in target) return target.stop;
  return {
    is: 'ready',
    act: { do: 'hospital', mission: mission.id, hospital: target.named.id },
    echo: 'command.echo.h',
    args: { plate: state.units.get(mission.unit)?.plate ?? mission.unit, hospital: target.named.label },
    choices: [],
  };
}

function merge(verb: string, words: string[], state: CentreState): Parsed {
  const incident = resolve(words[0], incidentsOf(state), `${verb} `, 'command.hint.c');
  if ('stop' in incident) return incident.stop;
  const rest = words.slice(1).filter((w) => w !== '合并' && w.toLowerCase() !== 'hb' && w !== '→');
  const others = incidentsOf(state).filter((n) => n.id !== incident.named.id);
  const into = resolve(rest[0], others, `${verb} ${words[0]} 合并 `, 'command.hint.into');
  if ('stop' in into) return into.stop;
  return {
    is: 'ready',
    act: { do: 'merge', incident: incident.named.id, into: into.named.id },
    echo: 'command.echo.c',
    args: { n: incident.named.label, into: into.named.label, what: into.named.note },
    choices: [],
  };
}

/** The area that is reached within some minutes: by all free units, or from one unit or station. */
function reach(verb: string, words: string[], state: CentreState): Parsed {
  if (words.length === 0)
    return {
      is: 'ready',
      act: { do: 'reach', of: { all: true } },
      echo: 'command.echo.r',
      args: { what: '' },
      choices: [],
    };
  const stations: Named[] = [...state.stations.values()].map((s) => ({
    id: s.id,
    token: s.name,
    label: s.name,
    note: s.name_en ?? '',
    texts: [s.name, s.id, s.name_en ?? ''].filter(Boolean),
  }));
  const who = resolve(words[0], [...unitsOf(state), ...stations], `${verb} `, 'command.hint.r');
  if ('stop' in who) return who.stop;
  return {
    is: 'ready',
    act: { do: 'reach', of: state.units.has(who.named.id) ? { unit: who.named.id } : { station: who.named.id } },
    echo: 'command.echo.r',
    args: { what: who.named.label },
    choices: [],
  };
}

/** A road between two of its crossings. The centre knows the names; it says when it knows none of them. */
function closeRoad(words: string[]): Parsed {
  const [road, from, to, ...why] = words;
  if (road === undefined || from === undefined || to === undefined || why.length === 0)
    return { is: 'part', hint: 'command.hint.f', choices: [] };
  const reason = why.join(' ');
  return {
    is: 'ready',
    act: { do: 'close_road', road, cross: [from, to], reason },
    echo: 'command.echo.f',
    args: { road, from, to, reason },
    choices: [],
  };
}

/** A number or a plate alone: go there. */
function go(word: string, state: CentreState): Parsed {
  const incidents = incidentsOf(state).map((n) => ({ ...n, act: { do: 'incident', incident: n.id } as const }));
  const units = unitsOf(state).map((n) => ({ ...n, act: { do: 'unit', unit: n.id } as const }));
  const { one, list } = find(word, [...incidents, ...units]);
  if (one) {
    const act: CommandAct = state.incidents.has(one.id)
      ? { do: 'incident', incident: one.id }
      : { do: 'unit', unit: one.id };
    return { is: 'ready', act, echo: 'command.echo.go', args: { what: one.label }, choices: choicesOf('', list) };
  }
  if (list.length > 0) return { is: 'part', hint: 'command.several', choices: choicesOf('', list) };
  return { is: 'wrong', why: 'command.unknown', args: { verb: word } };
}

function search(line: string, state: CentreState): Parsed {
  const word = line.slice(1).trim();
  if (word === '') return { is: 'part', hint: 'command.hint.search', choices: [] };
  const incidents: Named[] = [...state.incidents.values()].map((i) => ({
    id: i.id,
    token: number(i),
    label: number(i),
    note: [i.complaint, placeText(i.place)].filter(Boolean).join(' '),
    texts: [placeText(i.place), i.complaint ?? '', i.phone ?? '', number(i)].filter(Boolean),
  }));
  const { list } = find(word, [...incidents, ...unitsOf(state), ...hospitalsOf(state)]);
  const first = list[0];
  if (!first) return { is: 'wrong', why: 'command.nothing', args: { word } };
  const choices = list.slice(0, choicesMax).map((n) => ({
    line: state.incidents.has(n.id) || state.units.has(n.id) ? n.token : `/${n.token}`,
    label: n.label,
    note: n.note,
  }));
  const act: CommandAct = state.incidents.has(first.id)
    ? { do: 'incident', incident: first.id }
    : state.units.has(first.id)
      ? { do: 'unit', unit: first.id }
      : { do: 'hospital_show', hospital: first.id };
  return {
    is: 'ready',
    act,
    echo: 'command.echo.go',
    args: { what: [first.label, first.note].filter(Boolean).join(' ') },
    choices: list.length > 1 ? choices : [],
  };
}
