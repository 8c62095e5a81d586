// What hospitals say of themselves, and the ranking of hospitals for a patient: types, and the checks that let a value in.
import { flag, list, maybe, number, shape, text, time, word } from './check';
import type { Reason } from './entity';

export type BoardState = 'open' | 'busy' | 'closed';
export interface BoardLine {
  part: string;
  state: BoardState;
  reason?: string | undefined;
  count?: number | undefined;
  until?: string | undefined;
  by: string;
  /** The desk that entered it; absent: the hospital's own page. */
  desk?: string | undefined;
  since: string;
  said: string;
}
export interface HospitalBoard {
  hospital: string;
  lines?: BoardLine[] | undefined;
  stale_s?: number | undefined;
  gone_s?: number | undefined;
  unrecorded?: boolean | undefined;
  simulated?: boolean | undefined;
}
/** Yes, no, or nobody has said: that is never taken for a no (CLN-001). */
export type Said = 'yes' | 'no' | '';
export interface Assessment {
  lvo?: Said | undefined;
  severe?: Said | undefined;
  unstable?: Said | undefined;
  last_well?: string | undefined;
  wish?: string | undefined;
  by?: string | undefined;
  desk?: string | undefined;
  at?: string | undefined;
}
/** How the hospital that was chosen stands to the ranking that was shown (DSP-002). */
export interface HospitalChoice {
  ranking: string;
  hospital: string;
  best?: string | undefined;
  slower_s?: number | undefined;
  against?: string | undefined;
  reason?: string | undefined;
}
export interface RankedHospital {
  hospital: string;
  treatment?: string | undefined;
  travel_s?: number | undefined;
  extra_s?: number | undefined;
  distance_m?: number | undefined;
  door_s?: number | undefined;
  treat_s?: number | undefined;
  board?: BoardState | '' | undefined;
  board_age_s?: number | undefined;
  reasons?: Reason[] | undefined;
  caution?: Reason[] | undefined;
  out?: Reason[] | undefined;
}
export interface HospitalBypass {
  near: string;
  near_treatment?: string | undefined;
  near_s?: number | undefined;
  far: string;
  far_treatment?: string | undefined;
  far_s?: number | undefined;
  extra_s?: number | undefined;
  limit_s: number;
  lysis_left_s?: number | undefined;
  thrombectomy_left_s?: number | undefined;
  passed: boolean;
  why?: Reason[] | undefined;
}
export interface HospitalRanking {
  id: string;
  mission?: string | undefined;
  at: string;
  from_kind?: string | undefined;
  from_at?: string | undefined;
  pathway?: string | undefined;
  assessment?: Assessment | undefined;
  method: string;
  detour_factor?: number | undefined;
  speed_kmh?: number | undefined;
  hospitals: RankedHospital[];
  left_out?: RankedHospital[] | undefined;
  bypass?: HospitalBypass | undefined;
  missing?: Reason[] | undefined;
}

const boardState = word('open', 'busy', 'closed');
const said = word('yes', 'no', '');
export const board = shape<HospitalBoard>({
  hospital: text,
  lines: maybe(
    list(
      shape<BoardLine>({
        part: text,
        state: boardState,
        reason: maybe(text),
        count: maybe(number),
        until: maybe(time),
        by: text,
        desk: maybe(text),
        since: time,
        said: time,
      }),
    ),
  ),
  stale_s: maybe(number),
  gone_s: maybe(number),
  unrecorded: maybe(flag),
  simulated: maybe(flag),
});
export const assessment = shape<Assessment>({
  lvo: maybe(said),
  severe: maybe(said),
  unstable: maybe(said),
  last_well: maybe(time),
  wish: maybe(text),
  by: maybe(text),
  desk: maybe(text),
  at: maybe(time),
});
export const hospitalChoice = shape<HospitalChoice>({
  ranking: text,
  hospital: text,
  best: maybe(text),
  slower_s: maybe(number),
  against: maybe(text),
  reason: maybe(text),
});
const args = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && Object.values(value).every(text);
const reason = shape<Reason>({ code: text, args: maybe(args) });
const ranked = shape<RankedHospital>({
  hospital: text,
  treatment: maybe(text),
  travel_s: maybe(number),
  extra_s: maybe(number),
  distance_m: maybe(number),
  door_s: maybe(number),
  treat_s: maybe(number),
  board: maybe(word('open', 'busy', 'closed', '')),
  board_age_s: maybe(number),
  reasons: maybe(list(reason)),
  caution: maybe(list(reason)),
  out: maybe(list(reason)),
});
const bypass = shape<HospitalBypass>({
  near: text,
  near_treatment: maybe(text),
  near_s: maybe(number),
  far: text,
  far_treatment: maybe(text),
  far_s: maybe(number),
  extra_s: maybe(number),
  limit_s: number,
  lysis_left_s: maybe(number),
  thrombectomy_left_s: maybe(number),
  passed: flag,
  why: maybe(list(reason)),
});
export const hospitalRanking = shape<HospitalRanking>({
  id: text,
  mission: maybe(text),
  at: time,
  from_kind: maybe(text),
  from_at: maybe(time),
  pathway: maybe(text),
  assessment: maybe(assessment),
  method: text,
  detour_factor: maybe(number),
  speed_kmh: maybe(number),
  hospitals: list(ranked),
  left_out: maybe(list(ranked)),
  bypass: maybe(bypass),
  missing: maybe(list(reason)),
});
