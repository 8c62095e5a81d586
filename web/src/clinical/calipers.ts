// What lies between two points of a frozen picture. Pure.

export interface Spread {
  ms: number;
  /** Undefined where the source is not calibrated: there are no millivolts to be told. */
  mv: number | undefined;
  /** Beats a minute if the distance is one beat; undefined when it is none that a heart can have. */
  perMinute: number | undefined;
}

export function spread(dx: number, dy: number, pxPerMm: number, mmPerS: number, mmPerMv: number | undefined): Spread {
  const ms = (Math.abs(dx) / (pxPerMm * mmPerS)) * 1000;
  const perMinute = ms > 0 ? 60_000 / ms : Infinity;
  return {
    ms,
    mv: mmPerMv ? Math.abs(dy) / (pxPerMm * mmPerMv) : undefined,
    perMinute: perMinute >= 15 && perMinute <= 350 ? perMinute : undefined,
  };
}
