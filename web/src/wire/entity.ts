// The words of internal/ems and internal/wire as the screens use them: types, and the checks that let a value in.
export { callerView, type CallerMessage, type CallerView } from './caller';
import { flag, list, maybe, number, shape, text, time, word, type Check } from './check';
import { assessment, board, hospitalChoice, type Assessment, type HospitalChoice } from './hospital';

export interface Pos {
  lat: number;
  lon: number;
}
export interface Place {
  pos?: Pos | undefined;
  accuracy_m?: number | undefined;
  address?: string | undefined;
  source?: string | undefined;
  at?: string | undefined;
}
/** A place as it was before it was corrected; by is a name, or "caller". */
export interface PlaceChange {
  at: string;
  by: string;
  was: Place;
}
/** Something said between a caller and the desks. */
export interface TalkMessage {
  id: string;
  alarm: string;
  n: number;
  from: 'caller' | 'desk';
  by?: string | undefined;
  text?: string | undefined;
  card?: string | undefined;
  photo?: string | undefined;
  place?: Place | undefined;
  sent: string;
  received: string;
  read?: string | undefined;
  read_by?: string | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
export interface AlarmLine {
  at: string;
  what: string;
  by?: string | undefined;
  note?: string | undefined;
}
export interface Alarm {
  id: string;
  kind: 'caller' | 'crew_sos' | 'device' | 'tech';
  /** Of a technical alarm: its code in the catalogue, and the order, notice or device it is about. */
  code?: string | undefined;
  about?: string | undefined;
  priority?: 'high' | 'medium' | 'low' | '' | undefined;
  unit?: string | undefined;
  mission?: string | undefined;
  source: string;
  who?: string | undefined;
  phone?: string | undefined;
  text?: string | undefined;
  place?: Place | undefined;
  /** What the place was before each correction of the caller, oldest first. */
  places?: PlaceChange[] | undefined;
  pressed: string;
  received: string;
  presses: number;
  last_press: string;
  state: 'stored' | 'acknowledged' | 'handled';
  reach: 'owner' | 'desks' | 'supervisor' | 'phone';
  sounding: boolean;
  owner?: string | undefined;
  ack_by?: string | undefined;
  ack_at?: string | undefined;
  handled_by?: string | undefined;
  handled_at?: string | undefined;
  how?: string | undefined;
  reason?: string | undefined;
  incident?: string | undefined;
  lines?: AlarmLine[] | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
/** A flood of one source, kind and place that is one row; each of its alarms stays reachable (ALM-006). */
export interface AlarmGroup {
  key: string;
  source: string;
  kind: Alarm['kind'];
  code?: string | undefined;
  flood: boolean;
  /** Oldest first. */
  alarms: string[];
  sounding: boolean;
}
/** A further call about an incident that stood already. */
export interface Call {
  at: string;
  by: string;
  desk?: string | undefined;
  phone?: string | undefined;
  text?: string | undefined;
}
/** What a desk has open now, for the other desks. */
export interface Attention {
  desk: string;
  by: string;
  alarm?: string | undefined;
  incident?: string | undefined;
  writing?: boolean | undefined;
  at: string;
}
export type Priority = 'A' | 'B' | 'C' | 'D';
export interface Incident {
  id: string;
  number: number;
  type: 'emergency' | 'transport' | 'transfer';
  priority: Priority;
  state: 'open' | 'dispatched' | 'on_scene' | 'transporting' | 'delivered' | 'closed' | 'cancelled';
  place: Place;
  places?: PlaceChange[] | undefined;
  complaint?: string | undefined;
  pathway?: string | undefined;
  phone?: string | undefined;
  alarms?: string[] | undefined;
  missions?: string[] | undefined;
  patients?: string[] | undefined;
  /** The desk whose work it is. */
  desk?: string | undefined;
  opened: string;
  opened_by: string;
  closed?: string | undefined;
  reason?: string | undefined;
  /** The incident that it was merged into. */
  merged?: string | undefined;
  calls?: Call[] | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
export const nodes = [
  'ordered',
  'acknowledged',
  'departed',
  'at_scene',
  'contact',
  'left_scene',
  'at_hospital',
  'handed_over',
  'available',
  'at_station',
] as const;
export type Node = (typeof nodes)[number];
export type MissionState = Node | 'recalled' | 'aborted' | 'refused';
export interface NodeTime {
  node: Node;
  at: string;
  source: string;
  by?: string | undefined;
  entered: string;
  late?: boolean | undefined;
  uncertain_s?: number | undefined;
  was?: string | undefined;
  was_by?: string | undefined;
  reason?: string | undefined;
}
export interface Mission {
  id: string;
  incident: string;
  unit: string;
  state: MissionState;
  nodes?: NodeTime[] | undefined;
  /** Touches that the crew took back (DSP-004). */
  undone?: NodeTime[] | undefined;
  order: string;
  patients?: string[] | undefined;
  destination?: string | undefined;
  notice?: string | undefined;
  reason?: string | undefined;
  last_resort?: string | undefined;
  slower_s?: number | undefined;
  choice_reason?: string | undefined;
  ended?: string | undefined;
  /** When the unit is expected where it is on its way to, between when and when eight of ten come, and how that was found. */
  eta?: string | undefined;
  eta_method?: string | undefined;
  eta_from?: string | undefined;
  eta_to?: string | undefined;
  /** How many own arrivals the band is made of; the rest is assumed. */
  eta_own?: number | undefined;
  /** What the choice of a hospital hangs on, and how that choice stood to what was recommended. */
  assessment?: Assessment | undefined;
  choice?: HospitalChoice | undefined;
  /** Since when the unit has been driving away from where it is going. */
  away?: string | undefined;
  /** Arrivals by position: they propose a node. */
  stands?: Stand[] | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
/** Where positions alone saw the unit arrive: at `at`, or up to uncertain_s before. */
export interface Stand {
  node: Node;
  at: string;
  uncertain_s?: number | undefined;
}
export interface Order {
  id: string;
  mission: string;
  unit: string;
  version: number;
  state: 'queued' | 'delivered' | 'seen' | 'accepted' | 'refused' | 'withdrawn' | 'expired';
  text: string;
  place: Place;
  priority: Priority;
  complaint?: string | undefined;
  phone?: string | undefined;
  queued: string;
  valid_until: string;
  sent: number;
  delivered?: string | undefined;
  seen?: string | undefined;
  seen_by?: string | undefined;
  accepted?: string | undefined;
  accepted_by?: string | undefined;
  by_voice?: boolean | undefined;
  refused?: string | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
/** A photo; its bytes are at /api/v1/photos/{id}, for a hospital with ?hospital= (SCR-004). */
export interface Photo {
  id: string;
  mime: 'image/jpeg';
  size: number;
  width: number;
  height: number;
  from: 'caller' | 'crew' | 'desk';
  by?: string | undefined;
  alarm?: string | undefined;
  incident?: string | undefined;
  mission?: string | undefined;
  patient?: string | undefined;
  unit?: string | undefined;
  text?: string | undefined;
  taken: string;
  received: string;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
export interface Patient {
  id: string;
  incident?: string | undefined;
  mission?: string | undefined;
  name?: string | undefined;
  sex?: string | undefined;
  age_years?: number | undefined;
  unit?: string | undefined;
  device?: string | undefined;
  bound_at?: string | undefined;
  bound_by?: string | undefined;
  unbound_at?: string | undefined;
  hospital?: string | undefined;
  simulated?: boolean | undefined;
}
export interface Notice {
  id: string;
  mission: string;
  hospital: string;
  patients?: string[] | undefined;
  pathway?: string | undefined;
  state: 'sent' | 'delivered' | 'seen' | 'accepted' | 'rejected' | 'withdrawn';
  text?: string | undefined;
  sent: string;
  delivered?: string | undefined;
  seen?: string | undefined;
  seen_by?: string | undefined;
  answered?: string | undefined;
  answered_by?: string | undefined;
  reason?: string | undefined;
  escalated: number;
  escalated_at?: string | undefined;
  withdrawn?: string | undefined;
  eta?: string | undefined;
  /** How eta was found: "roads" or "straight_line". */
  eta_method?: string | undefined;
  /** Eight of ten units come between these. */
  eta_from?: string | undefined;
  eta_to?: string | undefined;
  /** Of the incident. */
  priority?: Priority | '' | undefined;
  complaint?: string | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
export interface Fix {
  pos: Pos;
  quality: string;
  /** Absent: the receiver did not say it. It is then unknown, and never 0. */
  speed_kmh?: number | undefined;
  course_deg?: number | undefined;
  satellites?: number | undefined;
  taken: string;
  source: 'live' | 'backfilled';
  simulated?: boolean | undefined;
}
export interface DeviceStatus {
  device: string;
  kind: string;
  driver?: string | undefined;
  port: string;
  baud?: number | undefined;
  state: 'absent' | 'probing' | 'speaking' | 'silent' | 'garbled' | 'demo' | 'simulated';
  since: string;
  detail?: string | undefined;
}
/** A device of the vehicle, and what a person may ask of it. */
export interface TerminalDevice extends DeviceStatus {
  commands?: string[] | undefined;
}
export interface LaneDepth {
  lane: string;
  count: number;
  bytes: number;
  oldest?: string | undefined;
  capped?: boolean | undefined;
}
export interface Unit {
  id: string;
  plate: string;
  name: string;
  kind: string;
  station: string;
  duty: 'on_duty' | 'off_duty' | 'suspended' | 'crewless' | 'broken_down' | 'contaminated';
  duty_reason?: string | undefined;
  crew?: string[] | undefined;
  mission?: string | undefined;
  /** Empty on a terminal whose unit has no mission. */
  state: MissionState | '';
  online: boolean;
  last_heard?: string | undefined;
  fix?: Fix | undefined;
  devices?: DeviceStatus[] | undefined;
  owed?: LaneDepth[] | undefined;
  clock_offset_s?: number | undefined;
  simulated?: boolean | undefined;
}
export interface Hospital {
  id: string;
  name: string;
  name_en?: string | undefined;
  pos: Pos;
  centres?: string[] | undefined;
  /** Whom a notice goes to, in order (CLN-004). */
  persons?: string[] | undefined;
  simulated?: boolean | undefined;
}
export interface Station {
  id: string;
  name: string;
  name_en?: string | undefined;
  pos: Pos;
}
export interface Desk {
  id: string;
  by?: string | undefined;
  role?: string | undefined;
  since?: string | undefined;
  on_call?: boolean | undefined;
}
export interface Reading {
  unit: string;
  patient?: string | undefined;
  device: string;
  channel: string;
  value?: number | undefined;
  unit_of?: string | undefined;
  quality: string;
  text?: string | undefined;
  taken: string;
  source: 'live' | 'backfilled';
  stale_s: number;
  gone_s: number;
  simulated?: boolean | undefined;
}
export interface WaveSlot {
  slot: number;
  patient?: string | undefined;
  unit: string;
  device: string;
  stream: string;
  kind: number;
  leads: string[];
  rate_hz: number;
  lsb_uv: number;
  filter?: string | undefined;
  simulated?: boolean | undefined;
  demo?: boolean | undefined;
}
export interface Note {
  id: string;
  unit: string;
  mission?: string | undefined;
  patient?: string | undefined;
  text: string;
  by: string;
  at: string;
  /** Which remark of the system it is; empty for a person's words. */
  code?: string | undefined;
  unrecorded?: boolean | undefined;
}
export interface About {
  /** Rung when an alarm waits and no supervisor is logged on (ALM-005); absent: the city names none. */
  duty_phone?: string | undefined;
}
export interface Reason {
  code: string;
  args?: Record<string, string> | undefined;
}
export interface Ranked {
  unit: string;
  /** Absent: unknown, for want of a position of the unit or of the incident. */
  eta_s?: number | undefined;
  distance_m?: number | undefined;
  reasons?: Reason[] | undefined;
  caution?: Reason[] | undefined;
  /** Seconds that it is ranked behind its time; the reasons say why. */
  handicap_s?: number | undefined;
  /** What would have to be true for it to stand first. */
  first?: Reason[] | undefined;
  /** The rest is of units on a mission: what a person must do before they can be sent. */
  mission?: string | undefined;
  act?: string | undefined;
  free_at?: string | undefined;
  /** Absent: there is no free unit. */
  gain_s?: number | undefined;
  /** Absent: nobody else can go, or that is not known. */
  loses_s?: number | undefined;
}
export interface LeftOut {
  unit: string;
  why?: Reason[] | undefined;
  eta_s?: number | undefined;
  first?: Reason[] | undefined;
}
export interface Recommendation {
  id: string;
  incident?: string | undefined;
  at: string;
  method: string;
  detour_factor?: number | undefined;
  speed_kmh?: number | undefined;
  units?: Ranked[] | undefined;
  left_out?: LeftOut[] | undefined;
  last_resort?: Ranked[] | undefined;
  /** On a mission that is about to end; they cannot be sent yet. */
  soon?: Ranked[] | undefined;
  /** On their way to somebody less urgent; a person may recall them. */
  divert?: Ranked[] | undefined;
  missing?: Reason[] | undefined;
}
/** One node of a case against its target; the seconds hold at the case's own time, and a screen counts on from there. */
export interface CaseStep {
  key: string;
  at?: string | undefined;
  source?: string | undefined;
  by?: string | undefined;
  state: 'open' | 'running' | 'near' | 'over' | 'done' | 'met' | 'missed';
  from?: string | undefined;
  target_s?: number | undefined;
  goal_s?: number | undefined;
  elapsed_s?: number | undefined;
  remaining_s?: number | undefined;
  standard?: string | undefined;
  year?: number | undefined;
}
/** A patient's way against the clock, as the server has it. */
export interface PathwayCase {
  mission: string;
  pathway?: string | undefined;
  at: string;
  lead: string;
  since?: string | undefined;
  steps: CaseStep[];
  windows?: CaseStep[] | undefined;
  simulated?: boolean | undefined;
}
/** At these values a channel alarms on a hospital's screens. */
export interface Limits {
  channel: string;
  critical_low?: number | undefined;
  low?: number | undefined;
  high?: number | undefined;
  critical_high?: number | undefined;
  source: string;
  by?: string | undefined;
  at?: string | undefined;
}
export interface TrendSeries {
  device: string;
  channel: string;
  low: (number | null)[];
  high: (number | null)[];
  backfilled?: number[] | undefined;
  simulated?: boolean | undefined;
}
export interface Trend {
  patient: string;
  from: string;
  step_s: number;
  series: TrendSeries[];
  cut?: boolean | undefined;
}
export interface Health {
  ok: boolean;
  detail?: string | undefined;
  since?: string | undefined;
  unrecorded?: number | undefined;
}
export interface Press {
  press_id: string;
  pressed: string;
  lamp: 'pending' | 'received';
  state?: string | undefined;
  by?: string | undefined;
  /** When the alarm came into its state, by the centre's clock. */
  at?: string | undefined;
}
/** To whom a device of the vehicle is bound (CLN-006). */
export interface Binding {
  device: string;
  patient: string;
  mission?: string | undefined;
  by: string;
  at: string;
}
/** What the hospital answered, as the vehicle knows it; keyed by mission. */
export interface CrewNotice {
  mission: string;
  hospital: string;
  name?: string | undefined;
  state: string;
  by?: string | undefined;
  text?: string | undefined;
  at: string;
}
/** A word from the desk that is not an order. */
export interface Message {
  id: string;
  text: string;
  by?: string | undefined;
  at: string;
}
export interface TerminalLink {
  up: boolean;
  since?: string | undefined;
  detail?: string | undefined;
  last_stored?: string | undefined;
  clock_offset_s?: number | undefined;
  store?: string | undefined;
  faults?: string[] | undefined;
}
/** A photo that the crew took; its bytes are not shown on the terminal again. */
export interface TakenPhoto {
  id: string;
  mission: string;
  patient?: string | undefined;
  by: string;
  at: string;
  size: number;
  /** The centre has all of it. */
  stored?: boolean | undefined;
}
export interface Kept {
  kind: string;
  at: string;
  mission?: string | undefined;
  text?: string | undefined;
}

const pos = shape<Pos>({ lat: number, lon: number });
const place = shape<Place>({
  pos: maybe(pos),
  accuracy_m: maybe(number),
  address: maybe(text),
  source: maybe(text),
  at: maybe(time),
});
const priority = word('A', 'B', 'C', 'D');
const missionState = word(...nodes, 'recalled', 'aborted', 'refused');
const nodeTime = shape<NodeTime>({
  node: word(...nodes),
  at: time,
  source: text,
  by: maybe(text),
  entered: time,
  late: maybe(flag),
  uncertain_s: maybe(number),
  was: maybe(time),
  was_by: maybe(text),
  reason: maybe(text),
});
const placeChange = shape<PlaceChange>({ at: time, by: text, was: place });
const alarm = shape<Alarm>({
  id: text,
  kind: word('caller', 'crew_sos', 'device', 'tech'),
  code: maybe(text),
  about: maybe(text),
  priority: maybe(word('high', 'medium', 'low', '')),
  unit: maybe(text),
  mission: maybe(text),
  source: text,
  who: maybe(text),
  phone: maybe(text),
  text: maybe(text),
  place: maybe(place),
  places: maybe(list(placeChange)),
  pressed: time,
  received: time,
  presses: number,
  last_press: time,
  state: word('stored', 'acknowledged', 'handled'),
  reach: word('owner', 'desks', 'supervisor', 'phone'),
  sounding: flag,
  owner: maybe(text),
  ack_by: maybe(text),
  ack_at: maybe(time),
  handled_by: maybe(text),
  handled_at: maybe(time),
  how: maybe(text),
  reason: maybe(text),
  incident: maybe(text),
  lines: maybe(list(shape<AlarmLine>({ at: time, what: text, by: maybe(text), note: maybe(text) }))),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const alarmGroup = shape<AlarmGroup>({
  key: text,
  source: text,
  kind: word('caller', 'crew_sos', 'device', 'tech'),
  code: maybe(text),
  flood: flag,
  alarms: list(text),
  sounding: flag,
});
const call = shape<Call>({ at: time, by: text, desk: maybe(text), phone: maybe(text), text: maybe(text) });
const attention = shape<Attention>({
  desk: text,
  by: text,
  alarm: maybe(text),
  incident: maybe(text),
  writing: maybe(flag),
  at: time,
});
const incident = shape<Incident>({
  id: text,
  number: number,
  type: word('emergency', 'transport', 'transfer'),
  priority,
  state: word('open', 'dispatched', 'on_scene', 'transporting', 'delivered', 'closed', 'cancelled'),
  place,
  places: maybe(list(placeChange)),
  complaint: maybe(text),
  pathway: maybe(text),
  phone: maybe(text),
  alarms: maybe(list(text)),
  missions: maybe(list(text)),
  patients: maybe(list(text)),
  opened: time,
  desk: maybe(text),
  opened_by: text,
  closed: maybe(time),
  reason: maybe(text),
  merged: maybe(text),
  calls: maybe(list(call)),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const mission = shape<Mission>({
  id: text,
  incident: text,
  unit: text,
  state: missionState,
  nodes: maybe(list(nodeTime)),
  undone: maybe(list(nodeTime)),
  order: text,
  patients: maybe(list(text)),
  destination: maybe(text),
  notice: maybe(text),
  reason: maybe(text),
  last_resort: maybe(text),
  slower_s: maybe(number),
  choice_reason: maybe(text),
  ended: maybe(time),
  eta: maybe(time),
  eta_method: maybe(text),
  eta_from: maybe(time),
  eta_to: maybe(time),
  eta_own: maybe(number),
  assessment: maybe(assessment),
  choice: maybe(hospitalChoice),
  away: maybe(time),
  stands: maybe(list(shape<Stand>({ node: word(...nodes), at: time, uncertain_s: maybe(number) }))),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const order = shape<Order>({
  id: text,
  mission: text,
  unit: text,
  version: number,
  state: word('queued', 'delivered', 'seen', 'accepted', 'refused', 'withdrawn', 'expired'),
  text,
  place,
  priority,
  complaint: maybe(text),
  phone: maybe(text),
  queued: time,
  valid_until: time,
  sent: number,
  delivered: maybe(time),
  seen: maybe(time),
  seen_by: maybe(text),
  accepted: maybe(time),
  accepted_by: maybe(text),
  by_voice: maybe(flag),
  refused: maybe(text),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const patient = shape<Patient>({
  id: text,
  incident: maybe(text),
  mission: maybe(text),
  name: maybe(text),
  sex: maybe(text),
  age_years: maybe(number),
  unit: maybe(text),
  device: maybe(text),
  bound_at: maybe(time),
  bound_by: maybe(text),
  unbound_at: maybe(time),
  hospital: maybe(text),
  simulated: maybe(flag),
});
const notice = shape<Notice>({
  id: text,
  mission: text,
  hospital: text,
  patients: maybe(list(text)),
  pathway: maybe(text),
  state: word('sent', 'delivered', 'seen', 'accepted', 'rejected', 'withdrawn'),
  text: maybe(text),
  sent: time,
  delivered: maybe(time),
  seen: maybe(time),
  seen_by: maybe(text),
  answered: maybe(time),
  answered_by: maybe(text),
  reason: maybe(text),
  escalated: number,
  escalated_at: maybe(time),
  withdrawn: maybe(time),
  eta: maybe(time),
  eta_method: maybe(text),
  eta_from: maybe(time),
  eta_to: maybe(time),
  priority: maybe(word('A', 'B', 'C', 'D', '')),
  complaint: maybe(text),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const source = word('live', 'backfilled');
const fix = shape<Fix>({
  pos,
  quality: text,
  speed_kmh: maybe(number),
  course_deg: maybe(number),
  satellites: maybe(number),
  taken: time,
  source,
  simulated: maybe(flag),
});
const deviceFields = {
  device: text,
  kind: text,
  driver: maybe(text),
  port: text,
  baud: maybe(number),
  state: word('absent', 'probing', 'speaking', 'silent', 'garbled', 'demo', 'simulated'),
  since: time,
  detail: maybe(text),
};
const device = shape<DeviceStatus>(deviceFields);
const terminalDevice = shape<TerminalDevice>({ ...deviceFields, commands: maybe(list(text)) });
const lane = shape<LaneDepth>({
  lane: text,
  count: number,
  bytes: number,
  oldest: maybe(time),
  capped: maybe(flag),
});
const unit = shape<Unit>({
  id: text,
  plate: text,
  name: text,
  kind: text,
  station: text,
  duty: word('on_duty', 'off_duty', 'suspended', 'crewless', 'broken_down', 'contaminated'),
  duty_reason: maybe(text),
  crew: maybe(list(text)),
  mission: maybe(text),
  state: word(...nodes, 'recalled', 'aborted', 'refused', ''),
  online: flag,
  last_heard: maybe(time),
  fix: maybe(fix),
  devices: maybe(list(device)),
  owed: maybe(list(lane)),
  clock_offset_s: maybe(number),
  simulated: maybe(flag),
});
const hospital = shape<Hospital>({
  id: text,
  name: text,
  name_en: maybe(text),
  pos,
  centres: maybe(list(text)),
  persons: maybe(list(text)),
  simulated: maybe(flag),
});
const station = shape<Station>({ id: text, name: text, name_en: maybe(text), pos });
const desk = shape<Desk>({ id: text, by: maybe(text), role: maybe(text), since: maybe(time), on_call: maybe(flag) });
const reading = shape<Reading>({
  unit: text,
  patient: maybe(text),
  device: text,
  channel: text,
  value: maybe(number),
  unit_of: maybe(text),
  quality: text,
  text: maybe(text),
  taken: time,
  source,
  stale_s: number,
  gone_s: number,
  simulated: maybe(flag),
});
const slot = shape<WaveSlot>({
  slot: number,
  patient: maybe(text),
  unit: text,
  device: text,
  stream: text,
  kind: number,
  leads: list(text),
  rate_hz: number,
  lsb_uv: number,
  filter: maybe(text),
  simulated: maybe(flag),
  demo: maybe(flag),
});
const note = shape<Note>({
  id: text,
  unit: text,
  mission: maybe(text),
  patient: maybe(text),
  text,
  by: text,
  at: time,
  code: maybe(text),
  unrecorded: maybe(flag),
});
const words = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every(text);
const reason = shape<Reason>({ code: text, args: maybe(words) });
const ranked = shape<Ranked>({
  unit: text,
  eta_s: maybe(number),
  distance_m: maybe(number),
  reasons: maybe(list(reason)),
  caution: maybe(list(reason)),
  handicap_s: maybe(number),
  first: maybe(list(reason)),
  mission: maybe(text),
  act: maybe(text),
  free_at: maybe(time),
  gain_s: maybe(number),
  loses_s: maybe(number),
});
export const about = shape<About>({ duty_phone: maybe(text) });
export const recommendation = shape<Recommendation>({
  id: text,
  incident: maybe(text),
  at: time,
  method: text,
  detour_factor: maybe(number),
  speed_kmh: maybe(number),
  units: maybe(list(ranked)),
  left_out: maybe(
    list(shape<LeftOut>({ unit: text, why: maybe(list(reason)), eta_s: maybe(number), first: maybe(list(reason)) })),
  ),
  last_resort: maybe(list(ranked)),
  soon: maybe(list(ranked)),
  divert: maybe(list(ranked)),
  missing: maybe(list(reason)),
});
const step = shape<CaseStep>({
  key: text,
  at: maybe(time),
  source: maybe(text),
  by: maybe(text),
  state: word('open', 'running', 'near', 'over', 'done', 'met', 'missed'),
  from: maybe(text),
  target_s: maybe(number),
  goal_s: maybe(number),
  elapsed_s: maybe(number),
  remaining_s: maybe(number),
  standard: maybe(text),
  year: maybe(number),
});
const pathwayCase = shape<PathwayCase>({
  mission: text,
  pathway: maybe(text),
  at: time,
  lead: text,
  since: maybe(time),
  steps: list(step),
  windows: maybe(list(step)),
  simulated: maybe(flag),
});
const limits = shape<Limits>({
  channel: text,
  critical_low: maybe(number),
  low: maybe(number),
  high: maybe(number),
  critical_high: maybe(number),
  source: text,
  by: maybe(text),
  at: maybe(time),
});
const hole = (value: unknown): value is number | null => value === null || number(value);
const trendSeries = shape<TrendSeries>({
  device: text,
  channel: text,
  low: list(hole),
  high: list(hole),
  backfilled: maybe(list(number)),
  simulated: maybe(flag),
});
export const trend = shape<Trend>({
  patient: text,
  from: time,
  step_s: number,
  series: list(trendSeries),
  cut: maybe(flag),
});
const health = shape<Health>({ ok: flag, detail: maybe(text), since: maybe(time), unrecorded: maybe(number) });
const press = shape<Press>({
  press_id: text,
  pressed: time,
  lamp: word('pending', 'received'),
  state: maybe(text),
  by: maybe(text),
  at: maybe(time),
});
const binding = shape<Binding>({ device: text, patient: text, mission: maybe(text), by: text, at: time });
const crewNotice = shape<CrewNotice>({
  mission: text,
  hospital: text,
  name: maybe(text),
  state: text,
  by: maybe(text),
  text: maybe(text),
  at: time,
});
const message = shape<Message>({ id: text, text, by: maybe(text), at: time });
const link = shape<TerminalLink>({
  up: flag,
  since: maybe(time),
  detail: maybe(text),
  last_stored: maybe(time),
  clock_offset_s: maybe(number),
  store: maybe(text),
  faults: maybe(list(text)),
});
const taken = shape<TakenPhoto>({
  id: text,
  mission: text,
  patient: maybe(text),
  by: text,
  at: time,
  size: number,
  stored: maybe(flag),
});
const kept = shape<Kept>({ kind: text, at: time, mission: maybe(text), text: maybe(text) });

const talk = shape<TalkMessage>({
  id: text,
  alarm: text,
  n: number,
  from: word('caller', 'desk'),
  by: maybe(text),
  text: maybe(text),
  card: maybe(text),
  photo: maybe(text),
  place: maybe(place),
  sent: time,
  received: time,
  read: maybe(time),
  read_by: maybe(text),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const photo = shape<Photo>({
  id: text,
  mime: word('image/jpeg'),
  size: number,
  width: number,
  height: number,
  from: word('caller', 'crew', 'desk'),
  by: maybe(text),
  alarm: maybe(text),
  incident: maybe(text),
  mission: maybe(text),
  patient: maybe(text),
  unit: maybe(text),
  text: maybe(text),
  taken: time,
  received: time,
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});

/** A road that a closure hits: its name, how far, and the closed stretches for drawing. */
export interface ClosedRoad {
  name?: string | undefined;
  metres: number;
  ways: number;
  lines?: Pos[][] | undefined;
}
/** A closed road, as a desk drew it, with what the centre found on its network. */
export interface Closure {
  id: string;
  reason: string;
  line: Pos[];
  area?: boolean | undefined;
  one_way?: boolean | undefined;
  level?: 'ground' | 'above' | 'below' | '' | undefined;
  from: string;
  until?: string | undefined;
  by: string;
  desk?: string | undefined;
  drawn: string;
  ended?: string | undefined;
  ended_by?: string | undefined;
  end_reason?: string | undefined;
  state: 'awaited' | 'in_force' | 'expired' | 'lifted';
  roads?: ClosedRoad[] | undefined;
  /** When the travel times that hold were worked in with it. */
  applied?: string | undefined;
  version?: number | undefined;
  problem?: string | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
/** What the travel times that hold are made of. */
export interface RoadsNow {
  loaded: boolean;
  version: number;
  at?: string | undefined;
  free: boolean;
  slot?: string | undefined;
  mission: number;
  normal: number;
  closed: number;
  closures: number;
  working?: boolean | undefined;
  problem?: string | undefined;
}
export const closedRoad = shape<ClosedRoad>({
  name: maybe(text),
  metres: number,
  ways: number,
  lines: maybe(list(list(pos))),
});
const closure = shape<Closure>({
  id: text,
  reason: text,
  line: list(pos),
  area: maybe(flag),
  one_way: maybe(flag),
  level: maybe(word('ground', 'above', 'below', '')),
  from: time,
  until: maybe(time),
  by: text,
  desk: maybe(text),
  drawn: time,
  ended: maybe(time),
  ended_by: maybe(text),
  end_reason: maybe(text),
  state: word('awaited', 'in_force', 'expired', 'lifted'),
  roads: maybe(list(closedRoad)),
  applied: maybe(time),
  version: maybe(number),
  problem: maybe(text),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
const roadsNow = shape<RoadsNow>({
  loaded: flag,
  version: number,
  at: maybe(time),
  free: flag,
  slot: maybe(text),
  mission: number,
  normal: number,
  closed: number,
  closures: number,
  working: maybe(flag),
  problem: maybe(text),
});

/** What the centre's topics hold: collection, then the check of its values. */
export const centreChecks = {
  alarms: alarm,
  groups: alarmGroup,
  incidents: incident,
  missions: mission,
  orders: order,
  notices: notice,
  patients: patient,
  units: unit,
  hospitals: hospital,
  boards: board,
  stations: station,
  desks: desk,
  readings: reading,
  notes: note,
  photos: photo,
  talk,
  slots: slot,
  recommendations: recommendation,
  cases: pathwayCase,
  limits,
  health,
  attention,
  closures: closure,
  roads: roadsNow,
};
/** What the terminal's topic holds; its alarms are its own presses with their lamp. */
export interface TerminalWay {
  mission: string;
  /** Where it ends. */
  node: 'at_scene' | 'at_hospital';
  from: string;
  heard: string;
  eta: string;
  eta_from: string;
  eta_to: string;
  method: string;
  metres: number;
  walk_m: number;
  line: number[][];
  steps?: RouteStep[] | undefined;
  simulated?: boolean | undefined;
}
export interface RouteStep {
  turn: string;
  name?: string | undefined;
  metres: number;
  seconds: number;
}
export const routeStep = shape<RouteStep>({ turn: text, name: maybe(text), metres: number, seconds: number });
const pair: Check<number[]> = (value): value is number[] => list(number)(value) && value.length === 2;
const terminalWay = shape<TerminalWay>({
  mission: text,
  node: word('at_scene', 'at_hospital'),
  from: time,
  heard: time,
  eta: time,
  eta_from: time,
  eta_to: time,
  method: text,
  metres: number,
  walk_m: number,
  line: list(pair),
  steps: maybe(list(routeStep)),
  simulated: maybe(flag),
});
export const terminalChecks = {
  orders: order,
  /** What an order said before its newest correction. */
  earlier: order,
  fix,
  missions: mission,
  units: unit,
  devices: terminalDevice,
  readings: reading,
  slots: slot,
  patients: patient,
  bindings: binding,
  alarms: press,
  link,
  owed: lane,
  notices: crewNotice,
  messages: message,
  hospitals: hospital,
  notes: note,
  taken,
  kept,
  /** Of the mission under way, as the centre last told it. */
  way: terminalWay,
};

/** Collections by name, each a map of key to value. */
export type Held<C> = { [K in keyof C]: Map<string, C[K] extends Check<infer T> ? T : never> };
export type CentreState = Held<typeof centreChecks>;
export type TerminalState = Held<typeof terminalChecks>;
