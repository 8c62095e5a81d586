// What the caller's page is told, and its check: apart from the rest, so that a phone loads nothing of the desks.
import { flag, list, maybe, number, shape, text, time } from './check';

export interface CallerPos {
  lat: number;
  lon: number;
}
export interface CallerPlace {
  pos?: CallerPos | undefined;
  accuracy_m?: number | undefined;
  address?: string | undefined;
  source?: string | undefined;
  at?: string | undefined;
}
export interface CallerView {
  alarm_state: string;
  received: boolean;
  order_accepted: boolean;
  unit_plate?: string | undefined;
  unit_pos?: CallerPos | undefined;
  unit_pos_at?: string | undefined;
  mission_state?: string | undefined;
  /** The band in which the unit is expected at the scene, and how it was found. */
  eta_from?: string | undefined;
  eta_to?: string | undefined;
  eta_method?: string | undefined;
  who?: string | undefined;
  place?: CallerPlace | undefined;
  corrected?: boolean | undefined;
  messages?: CallerMessage[] | undefined;
  closed?: boolean | undefined;
  simulated?: boolean | undefined;
}
export interface CallerMessage {
  id?: string | undefined;
  at: string;
  by: string;
  text?: string | undefined;
  card?: string | undefined;
  photo?: string | undefined;
  place?: CallerPlace | undefined;
  read?: boolean | undefined;
}

const pos = shape<CallerPos>({ lat: number, lon: number });
const place = shape<CallerPlace>({
  pos: maybe(pos),
  accuracy_m: maybe(number),
  address: maybe(text),
  source: maybe(text),
  at: maybe(time),
});
const message = shape<CallerMessage>({
  id: maybe(text),
  at: time,
  by: text,
  text: maybe(text),
  card: maybe(text),
  photo: maybe(text),
  place: maybe(place),
  read: maybe(flag),
});
export const callerView = shape<CallerView>({
  alarm_state: text,
  received: flag,
  order_accepted: flag,
  unit_plate: maybe(text),
  unit_pos: maybe(pos),
  unit_pos_at: maybe(time),
  mission_state: maybe(text),
  eta_from: maybe(time),
  eta_to: maybe(time),
  eta_method: maybe(text),
  who: maybe(text),
  place: maybe(place),
  corrected: maybe(flag),
  messages: maybe(list(message)),
  closed: maybe(flag),
  simulated: maybe(flag),
});
