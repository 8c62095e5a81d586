// The sheets of a desk: each call has its own tab, and a sheet with words in it is never overwritten (UI §10.6). Pure.
import type { Alarm, Incident, Place, Pos } from '../../wire/entity';
import { parsePos, posText } from './model';

/** What a call sheet holds while it is written. */
export interface Fields {
  phone: string;
  address: string;
  position: string;
  complaint: string;
  type: Incident['type'];
  priority: Incident['priority'];
  pathway: string;
}
export interface Sheet extends Fields {
  key: string;
  /** The alarm that it answers; empty: a call. */
  alarm: string;
  /** The incident that it changes; empty: a new one. */
  incident: string;
  /** How the position became known, as long as nobody has changed it. */
  found: Place | undefined;
  /** The fields as they were when the sheet was opened, as JSON. */
  clean: string;
}

const names: (keyof Fields)[] = ['phone', 'address', 'position', 'complaint', 'type', 'priority', 'pathway'];

export function fieldsOf(sheet: Fields): string {
  return JSON.stringify(names.map((name) => sheet[name]));
}

export function newSheet(key: string, given: Partial<Sheet> = {}): Sheet {
  const sheet: Sheet = {
    phone: '',
    address: '',
    position: '',
    complaint: '',
    type: 'emergency',
    priority: 'B',
    pathway: '',
    alarm: '',
    incident: '',
    found: undefined,
    clean: '',
    ...given,
    key,
  };
  return { ...sheet, clean: fieldsOf(sheet) };
}

export function alarmSheet(key: string, alarm: Alarm): Sheet {
  return newSheet(key, {
    alarm: alarm.id,
    phone: alarm.phone ?? '',
    address: alarm.place?.address ?? '',
    position: alarm.place?.pos ? posText(alarm.place.pos) : '',
    found: alarm.place,
    complaint: alarm.text ?? '',
    priority: alarm.kind === 'crew_sos' ? 'A' : 'B',
  });
}

export function incidentSheet(key: string, incident: Incident): Sheet {
  return newSheet(key, {
    incident: incident.id,
    phone: incident.phone ?? '',
    address: incident.place.address ?? '',
    position: incident.place.pos ? posText(incident.place.pos) : '',
    found: incident.place,
    complaint: incident.complaint ?? '',
    type: incident.type,
    priority: incident.priority,
    pathway: incident.pathway ?? '',
  });
}

/** Whether a person has written in it. */
export function dirty(sheet: Sheet): boolean {
  return fieldsOf(sheet) !== sheet.clean;
}

/** Whether it may be taken for something else: nothing written, nothing answered, nothing changed. */
function idle(sheet: Sheet): boolean {
  return !dirty(sheet) && sheet.alarm === '' && sheet.incident === '';
}

/** Opens a sheet: one that is about the same thing is gone to, an idle one makes room, any other stays in its tab. */
export function open(sheets: Sheet[], current: string, next: Sheet): { sheets: Sheet[]; current: string } {
  const same = sheets.find(
    (s) => (next.alarm !== '' && s.alarm === next.alarm) || (next.incident !== '' && s.incident === next.incident),
  );
  if (same) return { sheets, current: same.key };
  const at = sheets.find((s) => s.key === current);
  const free = at && idle(at) ? at : sheets.find(idle);
  if (free) return { sheets: sheets.map((s) => (s === free ? next : s)), current: next.key };
  return { sheets: [...sheets, next], current: next.key };
}

/** Takes a sheet away; its neighbour comes forward, and there is always one. */
export function close(sheets: Sheet[], key: string, spare: Sheet): { sheets: Sheet[]; current: string } {
  const at = sheets.findIndex((s) => s.key === key);
  const left = sheets.filter((s) => s.key !== key);
  const next = left[Math.min(Math.max(at, 0), left.length - 1)];
  return next ? { sheets: left, current: next.key } : { sheets: [spare], current: spare.key };
}

export function posOf(sheet: Sheet): Pos | undefined {
  return parsePos(sheet.position);
}

/** The place as it is sent: an untouched position keeps how it became known, one that was typed or picked is a person's. */
export function placeOf(sheet: Sheet): Place {
  const place: Place = {};
  const pos = posOf(sheet);
  const from = sheet.found;
  if (pos) {
    place.pos = pos;
    const same = from?.pos && Math.abs(from.pos.lat - pos.lat) < 1e-5 && Math.abs(from.pos.lon - pos.lon) < 1e-5;
    place.source = same ? from.source : 'manual';
    if (same && from.accuracy_m) place.accuracy_m = from.accuracy_m;
    if (same && from.at) place.at = from.at;
  }
  if (sheet.address.trim()) place.address = sheet.address.trim();
  return place;
}

export function complete(sheet: Sheet): boolean {
  return sheet.address.trim() !== '' || posOf(sheet) !== undefined;
}

/** What is kept over a reload of the window: nothing written may be lost. Reads only what has the shape of it. */
export function readSheets(raw: string | undefined): Sheet[] {
  if (!raw) return [];
  try {
    const value: unknown = JSON.parse(raw);
    if (!Array.isArray(value)) return [];
    return value.filter(
      (s): s is Sheet =>
        typeof s === 'object' &&
        s !== null &&
        ['key', 'alarm', 'incident', 'clean', ...names].every(
          (name) => typeof (s as Record<string, unknown>)[name] === 'string',
        ),
    );
  } catch {
    return [];
  }
}
