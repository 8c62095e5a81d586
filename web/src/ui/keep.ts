// Small things remembered on this machine. A browser that refuses storage (private mode, kiosk policy) loses only convenience.

const prefix = 'lifeline.';

/** The key under which a name is stored, as the other windows' events have it. */
export const keyOf = (name: string): string => prefix + name;

export function kept(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Says whether it could be stored. */
export function keep(name: string, value: string): boolean {
  try {
    localStorage.setItem(prefix + name, value);
    return true;
  } catch {
    return false;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(prefix + name);
  } catch {
    // nothing was stored, nothing to forget
  }
}
